import { ExitCode } from '../errors.ts';
import { colors, wantsColor } from '../reporters/colors.ts';
import { table } from '../reporters/table.ts';
import { maskText } from '../secrets.ts';
import { verifyBackup } from '../verify/backup.ts';
import type { Finding, Site } from '../verify/contract.ts';
import { verifyDatabase } from '../verify/database.ts';
import { verifyFirewall } from '../verify/firewall.ts';
import { verifyMonitoring } from '../verify/monitoring.ts';
import { verifyPassThrough, verifySite } from '../verify/site.ts';
import { verifyVirtualAddresses } from '../verify/virtual-address.ts';
import type { ProjectOptions } from './project.ts';
import { openSite } from './site.ts';

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
  const { site, lost, close } = await openSite(options);
  try {
    const findings = await lookAtSite(site);
    print(findings, (performance.now() - began) / 1000, options);
    if (lost.size > 0) return ExitCode.unreachable;
    return findings.every((finding) => finding.kept) ? ExitCode.done : ExitCode.failed;
  } finally {
    await close();
  }
}

/** What the site promises, and whether it is kept. */
export async function lookAtSite(site: Site): Promise<Finding[]> {
  const parts = [
    verifySite,
    verifyPassThrough,
    verifyVirtualAddresses,
    verifyDatabase,
    verifyBackup,
    verifyFirewall,
    verifyMonitoring,
  ];
  return (await Promise.all(parts.map((part) => part(site)))).flat();
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
