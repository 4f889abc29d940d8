import { hostname, userInfo } from 'node:os';
import { HostVariables } from '../engine/host-variables.ts';
import { hostScope, type RunVariables } from '../engine/variables.ts';
import { type Problem, ProjectError, TaskFailure } from '../errors.ts';
import { type Connection, type ConnectionSettings, connectionSettings } from '../host/connection.ts';
import { Fleet } from '../host/fleet.ts';
import { connectKept } from '../host/kept-connection.ts';
import { localConnection } from '../host/local-connection.ts';
import type { RolledBack } from '../host/rollback.ts';
import { shownPath } from '../problems.ts';
import { undisturbed } from '../terminal.ts';
import { terminal } from './ask.ts';
import { connectionDefaults } from './configured.ts';
import type { RunOptions } from './options.ts';
import type { Project } from './project.ts';

/** The variables of a run over a project, before anything is known of its hosts. */
export function runVariables(
  project: Pick<Project, 'inventory' | 'playbook' | 'extra'>,
  check: boolean,
  options?: RunVariables['options'],
): RunVariables {
  const { inventory, playbook, extra } = project;
  const all = [...inventory.hosts.values(), ...(inventory.localhost ? [inventory.localhost] : [])];
  return {
    inventory,
    playbook,
    extra,
    check,
    hosts: new Map(all.map((host) => [host.name, new HostVariables(host)])),
    ...(options && { options }),
  };
}

/** How to connect where neither play nor inventory says it. */
export type Login = Pick<RunOptions, 'privateKey' | 'configuration'>;

/** The hosts of an inventory, ready to be connected to. */
export function openFleet(
  variables: RunVariables,
  options: {
    forks: number;
    readOnly: boolean;
    login?: Login;
    output: (host: string, line: string) => void;
    waiting?: (host: string, owner: string) => void;
    trace?: (host: string, text: string) => void;
    rolledBack?: (host: string, record: RolledBack) => void;
  },
): Fleet {
  const settings = new Map<string, ConnectionSettings>();
  return new Fleet({
    ...options,
    owner: `${userInfo().username}@${hostname()} process ${process.pid} since ${new Date().toISOString()}`,
    connect,
    settings: (name, connection) => {
      const key = `${name}\0${connection ?? ''}`;
      let known = settings.get(key);
      if (!known) {
        known = settingsOf(variables, name, options.login, connection);
        settings.set(key, known);
      }
      return known;
    },
  });
}

async function connect(settings: ConnectionSettings): Promise<Connection> {
  if (settings.connection === 'local') return localConnection();
  if (settings.connection === 'openssh') {
    const { connectOpenssh } = await import('../host/openssh.ts');
    return connectOpenssh(settings, () => terminal() !== undefined);
  }
  const kept = settings.keep === undefined ? undefined : await connectKept(settings);
  if (kept) return kept;
  // What it takes to log in is not small: who only checks a project does without.
  const { connectSsh } = await import('../host/ssh.ts');
  return connectSsh(settings, undefined, askPassphrase);
}

async function askPassphrase(text: string): Promise<string | undefined> {
  const ask = terminal();
  return ask && undisturbed(() => ask({ text, echo: false }));
}

/** What is wrong with the connection variables of hosts, as far as they can be known before any host is asked. */
export function connectionProblems(project: Project, login?: Login): Problem[] {
  const variables = runVariables(project, true);
  return [...project.limited].flatMap((name): readonly Problem[] => {
    try {
      settingsOf(variables, name, login);
      return [];
    } catch (error) {
      const place = project.inventory.hosts.get(name)?.place;
      if (error instanceof ProjectError) return error.problems.map((problem) => ({ place, ...problem }));
      // A variable that only the host can tell.
      if (error instanceof TaskFailure) return [];
      throw error;
    }
  });
}

function settingsOf(
  variables: RunVariables,
  name: string,
  login: Login = {},
  connection?: ConnectionSettings['connection'],
): ConnectionSettings {
  if (variables.hosts.has(name)) {
    const scope = hostScope(variables, name);
    const get = (variable: string) => (scope.has(variable) ? scope.get(variable) : undefined);
    const { configuration, privateKey } = login;
    const standard = new Map(
      connectionDefaults({ ...configuration, ...(privateKey !== undefined && { privateKey }) })
        .filter(([names]) => names.every((each) => get(each) === undefined))
        .map(([[first = ''], value]) => [first, value]),
    );
    const said = (variable: string) => (variable === 'ansible_connection' && connection) || get(variable);
    return connectionSettings(name, (variable) => said(variable) ?? standard.get(variable));
  }
  // As in Ansible, localhost is there without being in the inventory.
  if (name === 'localhost' || name === '127.0.0.1')
    return connectionSettings(name, (variable) => (variable === 'ansible_connection' ? 'local' : undefined));
  throw new TaskFailure(`there is no host ${name} in ${shownPath(variables.inventory.file)}`);
}
