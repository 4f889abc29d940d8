import {
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import type { HostRecap, RunEvent, Statistics } from '../../src/engine/events.ts';
import { HostVariables } from '../../src/engine/host-variables.ts';
import { type Run, runPlaybook } from '../../src/engine/run.ts';
import type { RunVariables } from '../../src/engine/variables.ts';
import type { Connection, ConnectionSettings } from '../../src/host/connection.ts';
import { Fleet } from '../../src/host/fleet.ts';
import { localConnection } from '../../src/host/local-connection.ts';
import { selectHosts } from '../../src/inventory/patterns.ts';
import { loadModule, moduleNames } from '../../src/modules/registry.ts';
import { readProject } from '../../src/playbook/project.ts';
import { selectTasks } from '../../src/playbook/tags.ts';

export interface Options {
  readonly hosts?: readonly string[];
  readonly check?: boolean;
  /** How many tasks are looked at ahead; 1 is one task after the other. */
  readonly window?: number;
  /** Where the playbook's `{{ here }}` is, in place of a new folder. */
  readonly here?: string;
  /** User that the local shell counts as; root locks this machine and keeps the journal of handlers. */
  readonly user?: string;
  onEvent?(event: RunEvent): void;
  readonly tags?: readonly string[];
  readonly skipTags?: readonly string[];
  readonly extraVars?: Readonly<Record<string, unknown>>;
  /** What ansible_connection is, if the inventory says it: else how hosts are reached by themselves. */
  readonly connection?: 'ssh';
  connect?(name: string, settings: ConnectionSettings): Connection | Promise<Connection>;
  /** What the run was asked for besides tags. */
  readonly asked?: RunVariables['options'];
  /** More of what a run is told. */
  readonly run?: Partial<Run>;
  /** Files of the project besides the playbook, by their path in its folder. */
  readonly files?: Readonly<Record<string, string>>;
}

export interface Played {
  /** Of every host a folder, in the folder that playbooks know as `here`; `{{ mine }}` is the host's own. */
  readonly here: string;
  readonly events: readonly RunEvent[];
  readonly hosts: Record<string, HostRecap>;
  readonly statistics?: Statistics | undefined;
  /** "host task status" or "host task (item) status" in the order of telling. */
  readonly told: readonly string[];
}

export const scratch = mkdtempSync(join(tmpdir(), 'foobar-engine-'));
let count = 0;

/** Runs a playbook on hosts that are shells of this machine, each with a folder of its own. */
export async function play(playbook: string, options: Options = {}): Promise<Played> {
  const project = mkdtempSync(join(scratch, `project-${count++}-`));
  const here = options.here ?? join(project, 'here');
  const hosts = options.hosts ?? ['one', 'two'];
  for (const host of hosts) mkdirSync(join(here, host), { recursive: true });
  const inventory = join(project, 'hosts.yaml');
  const file = join(project, 'site.yaml');
  const all = Object.fromEntries(hosts.map((host) => [host, null]));
  const told = options.connection === undefined ? { ansible_connection: 'local' } : {};
  const vars = { ...told, here, mine: '{{ here }}/{{ inventory_hostname }}' };
  writeFileSync(inventory, JSON.stringify({ all: { hosts: all, vars } }));
  writeFileSync(file, playbook);
  for (const [name, text] of Object.entries(options.files ?? {})) {
    mkdirSync(dirname(join(project, name)), { recursive: true });
    writeFileSync(join(project, name), text);
  }
  const { extraVars = {}, tags = [], skipTags = [] } = options;
  const read = await readProject({
    inventory,
    playbook: file,
    extraVars,
    registry: { moduleNames, loadModule },
  });
  const check = options.check ?? false;
  const { localhost } = read.inventory;
  const variables: RunVariables = {
    inventory: read.inventory,
    playbook: selectTasks(read.playbook, { tags, skipTags }),
    extra: { origin: 'test', values: extraVars },
    check,
    options: { tags, skipTags, ...options.asked },
    hosts: new Map(
      [...read.inventory.hosts.values(), ...(localhost ? [localhost] : [])].map((host) => [
        host.name,
        new HostVariables(host),
      ]),
    ),
  };
  const events: RunEvent[] = [];
  const fleet = new Fleet({
    settings: (name) => ({
      name,
      connection: options.connection ?? 'local',
      address: 'localhost',
      port: 22,
      user: options.user ?? 'login',
      identityFiles: [],
      identitiesOnly: true,
      knownHostsFiles: [],
      connectTimeout: 10,
    }),
    connect: async (settings) => options.connect?.(settings.name, settings) ?? localConnection(),
    forks: 10,
    readOnly: check,
    owner: 'the test',
    output: (host, line) => events.push({ event: 'output', host, line }),
    waiting: () => {},
  });
  try {
    const end = await runPlaybook({
      variables,
      fleet,
      loadModule,
      emit: (event) => {
        events.push(event);
        options.onEvent?.(event);
      },
      verbosity: 0,
      hostsOf: (pattern) => selectHosts(pattern, variables.inventory),
      signal: new AbortController().signal,
      ...options.run,
      ...(options.window === undefined ? {} : { window: options.window }),
    });
    return { here, events, hosts: end.hosts, statistics: end.statistics, told: events.flatMap(line) };
  } finally {
    await fleet.close();
  }
}

function line(event: RunEvent): string[] {
  if (event.event !== 'task') return [];
  const item = event.item === undefined ? '' : ` (${event.item})`;
  return [`${event.host} ${event.task}${item} ${event.status}${event.ignored ? ', ignored' : ''}`];
}

/** A play on all hosts without facts. */
export function on(tasks: string, handlers = '', more = ''): string {
  const indented = (text: string) => text.trim().replaceAll(/^/gm, '    ');
  return [
    '- name: Test',
    '  hosts: all',
    '  gather_facts: false',
    ...(more ? [more.replaceAll(/^/gm, '  ')] : []),
    '  tasks:',
    indented(tasks),
    ...(handlers ? ['  handlers:', indented(handlers)] : []),
    '',
  ].join('\n');
}

/** Names, modes and contents below a folder; of links what they point to. */
export function tree(folder: string): string[] {
  return readdirSync(folder)
    .sort()
    .flatMap((name) => {
      const path = join(folder, name);
      const stat = lstatSync(path);
      if (stat.isSymbolicLink()) return [`${name} -> ${readlinkSync(path)}`];
      const inside = stat.isDirectory() ? tree(path) : [readFileSync(path, 'utf8')];
      return [`${name} ${stat.mode.toString(8)}`, ...inside];
    });
}

/** A connection that counts what is written to its shells: each is a round trip. */
export function counting(): { connection: Connection; count: () => number } {
  const connection = localConnection();
  let count = 0;
  return {
    count: () => count,
    connection: {
      ...connection,
      async exec(command) {
        const channel = await connection.exec(command);
        const write = channel.stdin.write.bind(channel.stdin) as (...args: unknown[]) => boolean;
        channel.stdin.write = (...args: unknown[]) => {
          count += 1;
          return write(...args);
        };
        return channel;
      },
    },
  };
}
