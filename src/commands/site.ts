import { siteScope } from '../engine/variables.ts';
import { ProjectError } from '../errors.ts';
import type { ConnectionSettings } from '../host/connection.ts';
import type { Host } from '../host/contract.ts';
import { selectHosts } from '../inventory/patterns.ts';
import type { Scope } from '../template/scope.ts';
import type { Site } from '../verify/contract.ts';
import { openFleet, runVariables } from './fleet.ts';
import { loadProject, type Project, type ProjectOptions } from './project.ts';

/** A site whose hosts can be asked, by a command that is no run of a playbook. */
export interface OpenSite {
  readonly project: Project;
  readonly site: Site;
  /** Hosts that could not be asked, as far as it is known by now. */
  readonly lost: ReadonlySet<string>;
  /** The host as root, to be changed. Only for a site that was opened for it. */
  host(name: string): Host;
  /** How a host is reached. */
  settings(name: string): ConnectionSettings;
  close(): Promise<void>;
}

/**
 * Reads and checks the project; hosts are connected to when they are first asked.
 * @param changing whether hosts will be changed: only then are they locked, and `host` may be used
 * @throws ProjectError for mistakes in the project and when no host is chosen
 */
export async function openSite(
  options: ProjectOptions,
  { changing = false, waiting }: { changing?: boolean; waiting?: (host: string, owner: string) => void } = {},
): Promise<OpenSite> {
  const project = await loadProject(options);
  const variables = runVariables(project, !changing);
  const fleet = openFleet(variables, {
    forks: 50,
    readOnly: !changing,
    login: project,
    output: () => {},
    ...(waiting && { waiting }),
  });
  const lost = new Set<string>();
  const scopes = new Map<string, Scope>();
  const site: Site = {
    group: (name) => (project.inventory.groups.get(name) ?? []).filter((host) => project.limited.has(host)),
    groups: () => Object.fromEntries(project.inventory.groups),
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
    unreachable: (host) => void lost.add(host),
  };
  if (site.group('all').length === 0)
    throw new ProjectError([{ message: `there is no host in ${options.inventory}`, severity: 'error' }]);
  return {
    project,
    site,
    lost,
    host: (name) => fleet.host(name, { user: 'root' }),
    settings: (name) => fleet.settings(name),
    close: () => fleet.close(),
  };
}
