import { mkdirSync } from 'node:fs';
import { hostname, userInfo } from 'node:os';
import type { HostRecap, RunEvent } from '../engine/events.ts';
import { runPlaybook } from '../engine/run.ts';
import { HostVariables, hostScope, type RunVariables } from '../engine/variables.ts';
import { ExitCode, type Problem, ProjectError, TaskFailure } from '../errors.ts';
import { type ConnectionSettings, connectionSettings } from '../host/connection.ts';
import { Fleet } from '../host/fleet.ts';
import { localConnection } from '../host/local-connection.ts';
import { connectSsh } from '../host/ssh.ts';
import type { Inventory } from '../inventory/contract.ts';
import { selectHosts } from '../inventory/patterns.ts';
import type { Module } from '../modules/contract.ts';
import { loadModule } from '../modules/registry.ts';
import type { Playbook } from '../playbook/contract.ts';
import { shownPath } from '../problems.ts';
import { createReporter } from '../reporters/reporter.ts';
import { mask } from '../secrets.ts';
import type { RunOptions } from './options.ts';
import { loadProject, type Project } from './project.ts';

/** Seconds between Ctrl-C and the end at the latest; what runs detached on a host goes on there. */
const patienceAfterInterrupt = 5;

/**
 * Brings the hosts to what the playbook says, or with `check` says what that would change.
 * @throws ProjectError before any host is contacted
 */
export async function provision(options: RunOptions): Promise<ExitCode> {
  const began = performance.now();
  const reporter = createReporter({ ...options, stream: process.stdout });
  const emit = (event: RunEvent): void => reporter.emit(mask(event));
  const project = await loadProject(options).catch((error: unknown) => {
    if (error instanceof ProjectError && options.output === 'json') {
      for (const { severity, message, place, hint } of error.problems)
        emit({ event: 'mistake', severity, message, ...(place && { place }), ...(hint && { hint }) });
      emit({ event: 'recap', hosts: {}, seconds: (performance.now() - began) / 1000 });
    }
    throw error;
  });
  const variables = runVariables(project, options.check);
  const hostsOf = (pattern: string): string[] =>
    selectHosts(pattern, project.inventory).filter(
      (host) => options.limit === undefined || project.limited.has(host),
    );
  const named = project.playbook.plays.map((play) => hostsOf(play.hosts));
  emit({
    event: 'start',
    playbook: shownPath(project.playbook.file),
    inventory: shownPath(project.inventory.file),
    hosts: [...project.inventory.hosts.keys()].filter((host) => named.some((hosts) => hosts.includes(host))),
    mode: options.check ? 'check' : 'apply',
    at: new Date().toISOString(),
  });
  for (const warning of project.warnings) emit({ event: 'warning', message: placed(warning) });
  if (!options.check) mkdirSync(project.inventory.stateDirectory, { recursive: true, mode: 0o700 });

  const fleet = openFleet(variables, {
    forks: options.forks ?? 50,
    readOnly: options.check,
    output: (host, line) => emit({ event: 'output', host, line }),
    waiting: (host, owner) => {
      emit({ event: 'output', host, line: `waits for another run: ${owner}` });
      emit({ event: 'warning', host, message: `another run is at work here: ${owner}` });
    },
    ...(options.verbosity >= 3
      ? { trace: (host: string, text: string) => void process.stderr.write(`${host}> ${text}\n`) }
      : {}),
  });
  const interrupted = abortion(options.signal);
  const run = runPlaybook({
    variables,
    fleet,
    modules: await modulesOf(project.playbook),
    emit,
    verbosity: options.verbosity,
    hostsOf: (play) => hostsOf(play.hosts),
    signal: options.signal,
  });
  const end = await Promise.race([run, interrupted.then(() => undefined)]);
  await (end ? fleet.close() : fleet.abort());
  interrupted.cancel();
  const hosts = end?.hosts ?? {};
  emit({
    event: 'recap',
    hosts,
    seconds: (performance.now() - began) / 1000,
    ...(options.signal.aborted && { interrupted: true }),
  });
  await reporter.close();
  return options.signal.aborted ? ExitCode.interrupted : exitCode(Object.values(hosts), options);
}

/** The variables of a run over a project, before anything is known of its hosts. */
export function runVariables(
  project: Pick<Project, 'inventory' | 'playbook' | 'extra'>,
  check: boolean,
): RunVariables {
  const { hosts, localhost } = project.inventory;
  return {
    inventory: project.inventory,
    playbook: project.playbook,
    extra: project.extra,
    check,
    hosts: new Map(
      [...hosts.values(), ...(localhost === undefined ? [] : [localhost])].map((host) => [
        host.name,
        new HostVariables(host),
      ]),
    ),
  };
}

/** The hosts of an inventory, ready to be connected to. */
export function openFleet(
  variables: RunVariables,
  options: {
    forks: number;
    readOnly: boolean;
    output: (host: string, line: string) => void;
    waiting?: (host: string, owner: string) => void;
    trace?: (host: string, text: string) => void;
  },
): Fleet {
  const settings = new Map<string, ConnectionSettings>();
  return new Fleet({
    ...options,
    owner: `${userInfo().username}@${hostname()} process ${process.pid} since ${new Date().toISOString()}`,
    connect: async (wanted) => (wanted.connection === 'local' ? localConnection() : connectSsh(wanted)),
    settings: (name) => {
      let known = settings.get(name);
      if (!known) {
        known = settingsOf(variables, variables.inventory, name);
        settings.set(name, known);
      }
      return known;
    },
  });
}

function settingsOf(variables: RunVariables, inventory: Inventory, name: string): ConnectionSettings {
  if (variables.hosts.has(name)) {
    const scope = hostScope(variables, name);
    return connectionSettings(name, (variable) => (scope.has(variable) ? scope.get(variable) : undefined));
  }
  // As in Ansible, localhost is there without being in the inventory.
  if (name === 'localhost' || name === '127.0.0.1')
    return connectionSettings(name, (variable) => (variable === 'ansible_connection' ? 'local' : undefined));
  throw new TaskFailure(`there is no host ${name} in ${shownPath(inventory.file)}`);
}

function placed({ place, message, hint }: Problem): string {
  const where = place ? `${shownPath(place.file)}:${place.line}:${place.column}: ` : '';
  return `${where}${message}${hint ? ` (${hint})` : ''}`;
}

async function modulesOf(playbook: Playbook): Promise<Map<string, Module>> {
  const names = new Set(playbook.plays.some((play) => play.gatherFacts) ? ['setup'] : []);
  for (const play of playbook.plays)
    for (const task of [...play.tasks, ...play.handlers]) if (task.module !== 'meta') names.add(task.module);
  return new Map(await Promise.all([...names].map(async (name) => [name, await loadModule(name)] as const)));
}

/** Resolves some seconds after an abort, unless cancelled. */
function abortion(signal: AbortSignal): Promise<void> & { cancel(): void } {
  let timer: NodeJS.Timeout | undefined;
  let begin = (): void => {};
  const promise = new Promise<void>((resolve) => {
    begin = () => {
      timer = setTimeout(resolve, patienceAfterInterrupt * 1000);
    };
    signal.addEventListener('abort', begin, { once: true });
  });
  return Object.assign(promise, {
    cancel: () => {
      signal.removeEventListener('abort', begin);
      clearTimeout(timer);
    },
  });
}

function exitCode(hosts: readonly HostRecap[], options: RunOptions): ExitCode {
  if (hosts.some((host) => host.unreachable > 0)) return ExitCode.unreachable;
  if (hosts.some((host) => host.failed > 0)) return ExitCode.failed;
  if (options.exitOnChanges && hosts.some((host) => host.changed > 0)) return ExitCode.changes;
  return ExitCode.done;
}
