import { siteScope } from '../engine/variables.ts';
import { ExitCode, ProjectError } from '../errors.ts';
import { selectHosts } from '../inventory/patterns.ts';
import { colors, wantsColor } from '../reporters/colors.ts';
import { table } from '../reporters/table.ts';
import { maskText } from '../secrets.ts';
import type { Scope } from '../template/scope.ts';
import type { Finding, Site } from '../verify/contract.ts';
import { verifyDatabase } from '../verify/database.ts';
import { verifyFirewall } from '../verify/firewall.ts';
import { verifyMonitoring } from '../verify/monitoring.ts';
import { verifyPassThrough, verifySite } from '../verify/site.ts';
import { openFleet, runVariables } from './fleet.ts';
import { loadProject, type ProjectOptions } from './project.ts';

export interface VerifyOptions extends ProjectOptions {
  readonly output?: 'plain' | 'json';
  readonly verbosity: number;
}

/**
 * Looks at a provisioned site from outside, and at what only its hosts can tell.
 * @returns failed when a promise is not kept, unreachable when a host could not be asked
 */
export async function verify(options: VerifyOptions): Promise<ExitCode> {
  const began = performance.now();
  const project = await loadProject(options);
  const variables = runVariables(project, true);
  const fleet = openFleet(variables, { forks: 50, readOnly: true, login: project, output: () => {} });
  const unreachable = new Set<string>();
  const scopes = new Map<string, Scope>();
  const site: Site = {
    group: (name) => (project.inventory.groups.get(name) ?? []).filter((host) => project.limited.has(host)),
    variable: (host, name) => {
      let scope = scopes.get(host);
      if (!scope) {
        const plays = project.playbook.plays.filter((play) =>
          selectHosts(play.hosts, project.inventory).includes(host),
        );
        scope = siteScope(variables, host, plays);
        scopes.set(host, scope);
      }
      return scope.has(name) ? scope.get(name) : undefined;
    },
    reader: (host) => fleet.host(host, { user: 'root' }),
    unreachable: (host) => void unreachable.add(host),
  };
  if (site.group('all').length === 0)
    throw new ProjectError([{ message: 'there is no host to verify', severity: 'error' }]);
  try {
    const findings = (
      await Promise.all([
        verifySite(site),
        verifyPassThrough(site),
        verifyDatabase(site),
        verifyFirewall(site),
        verifyMonitoring(site),
      ])
    ).flat();
    print(findings, (performance.now() - began) / 1000, options);
    if (unreachable.size > 0) return ExitCode.unreachable;
    return findings.every((finding) => finding.kept) ? ExitCode.done : ExitCode.failed;
  } finally {
    await fleet.close();
  }
}

function print(findings: readonly Finding[], seconds: number, options: VerifyOptions): void {
  const write = (line: string): void => void process.stdout.write(`${maskText(line)}\n`);
  const broken = findings.filter((finding) => !finding.kept);
  if (options.output === 'json') {
    for (const finding of findings) write(JSON.stringify({ event: 'finding', ...finding }));
    write(
      JSON.stringify({
        event: 'verified',
        kept: findings.length - broken.length,
        broken: broken.length,
        seconds,
      }),
    );
    return;
  }
  const paint = colors(wantsColor(process.stdout));
  const rows = findings.map(({ part, host, promise, kept, seen }) => [
    kept ? paint.green('ok') : paint.red('failed'),
    part,
    host,
    promise,
    seen,
  ]);
  const columns = process.stdout.columns ? { columns: process.stdout.columns } : {};
  for (const line of table([['', 'part', 'host', 'promise', 'seen'], ...rows], columns)) write(line);
  write('');
  for (const { part, host, promise, seen } of broken)
    write(`${paint.red('failed')}  ${part} ${host}: ${promise}\n        ${seen}`);
  const count = `${findings.length - broken.length} of ${findings.length} promises kept`;
  write(`${count} (${seconds.toFixed(1)} s)`);
}
