import type { HostProfile, Profile, SlowTask, Work } from '../profile/contract.ts';
import { type Stage, stages } from '../profile/stages.ts';
import type { Colors } from './colors.ts';
import { table } from './table.ts';
import { count, duration, wrap } from './text.ts';

export interface ProfileSetting {
  readonly colors: Colors;
  /** Of the terminal. Default: no limit. */
  readonly columns?: number;
}

const shownStages = 12;
const shownTasks = 10;
const shownHosts = 20;
const shownReads = 5;
/** What is shorter is not told where kinds of work are summed up. */
const shownSeconds = 0.005;

/** What each kind of work is called where the critical path is summed up. */
export const workNames: Readonly<Record<Work, string>> = {
  packages: 'packages',
  services: 'services',
  downloads: 'downloads',
  commands: 'commands',
  waiting: 'waiting for something',
  changes: 'other changes',
  reads: 'reading',
  connecting: 'connecting',
  starting: 'starting',
  foobar: 'foobar itself',
};

/** A table of the profile. */
export interface ProfileTable {
  readonly head: readonly string[];
  readonly rows: readonly (readonly string[])[];
  /** Columns of numbers. */
  readonly right: readonly number[];
}

/** The lines that say where a run's time went. */
export function profileLines(profile: Profile, { colors, columns }: ProfileSetting): string[] {
  const lines = ({ head, rows, right }: ProfileTable) =>
    table([head, ...rows], { ...(columns !== undefined && { columns }), right, paintHead: colors.bold });
  const more = profile.hosts.length - shownHosts;
  return [
    ...wrap(summary(profile), columns).map(colors.bold),
    '',
    ...lines(hostTable(profile, shownHosts)),
    ...(more > 0 ? [`and ${count(more, 'host')} more`] : []),
    '',
    colors.bold('critical path'),
    ...wrap(workText(profile), columns),
    ...lines(pathTable(profile, shownStages)),
    '',
    colors.bold('slowest tasks'),
    ...lines(taskTable(profile, shownTasks)),
    ...readLines(profile).flatMap((line) => wrap(line, columns)),
  ];
}

/** The hosts, the busiest first. */
export function hostTable({ hosts }: Profile, most: number): ProfileTable {
  const head = ['host', 'connect', 'read', 'fix', 'wait', 'idle', 'trips', 'out', 'in'];
  const busiest = [...hosts].sort((left, right) => busy(right) - busy(left));
  return {
    head,
    rows: busiest.slice(0, most).map(hostRow),
    right: head.map((_name, index) => index).slice(1),
  };
}

/** The critical path, as its longest stages. */
export function pathTable({ path }: Profile, most: number): ProfileTable {
  const head = ['at', 'seconds', 'on host', 'host', 'task', 'place'];
  return { head, rows: stages(path, most).map(stageRow), right: [0, 1, 2] };
}

export function taskTable({ slowest }: Profile, most: number): ProfileTable {
  const head = ['seconds', 'host', 'hosts', 'task', 'place'];
  return { head, rows: slowest.slice(0, most).map(slowRow), right: [0, 2] };
}

/** One line: wall time, controller, wire. */
export function summary({ wall, cpu, memory, hosts }: Profile): string {
  const sum = (key: 'sent' | 'received') => hosts.reduce((total, host) => total + host[key], 0);
  const trips = Math.max(0, ...hosts.map((host) => host.trips));
  return [
    `profile: ${duration(wall)} on ${count(hosts.length, 'host')}`,
    `controller ${duration(cpu)} CPU, ${bytes(memory)}`,
    `at most ${count(trips, 'round trip')} a host`,
    `${bytes(sum('sent'))} out, ${bytes(sum('received'))} in`,
  ].join('; ');
}

/** What kinds of work the critical path is made of, the longest first. */
export function workText({ work, wall }: Profile): string {
  return Object.entries(work)
    .filter(([, seconds]) => seconds >= shownSeconds)
    .sort(([, left], [, right]) => right - left)
    .map(
      ([name, seconds]) =>
        `${workNames[name as Work]} ${duration(seconds)} (${Math.round((100 * seconds) / wall)} %)`,
    )
    .join(', ');
}

/** "512 B", "1.5 kB", "20 MB". */
export function bytes(number: number): string {
  if (number < 1000) return `${number} B`;
  const kilo = number / 1000;
  if (kilo < 999.5) return `${kilo < 9.95 ? kilo.toFixed(1) : Math.round(kilo)} kB`;
  const mega = kilo / 1000;
  return `${mega < 9.95 ? mega.toFixed(1) : Math.round(mega)} MB`;
}

function hostRow(host: HostProfile): string[] {
  return [
    host.host,
    ...[host.connect, host.read, host.fix, host.wait, host.idle].map(seconds),
    String(host.trips),
    bytes(host.sent),
    bytes(host.received),
  ];
}

function busy({ connect, read, fix }: HostProfile): number {
  return connect + read + fix;
}

function stageRow(stage: Stage): string[] {
  const { host = '', task, place = '', others } = stage;
  const onHost = stage.onHost > 0 ? seconds(stage.onHost) : '';
  const what = task ?? (others === undefined ? workNames[stage.work] : `(${count(others, 'short stage')})`);
  return [seconds(stage.from), seconds(stage.seconds), onHost, host, what, place];
}

function slowRow({ seconds: taken, host, hosts, task, place, rounds }: SlowTask): string[] {
  return [seconds(taken), host, String(hosts), rounds > 1 ? `${task} (${rounds} rounds)` : task, place];
}

function readLines({ reads }: Profile): string[] {
  if (reads.length === 0) return [];
  const told = reads
    .slice(0, shownReads)
    .map(({ name, times, seconds }) => `${name} ${duration(seconds)} in ${times}`);
  return ['', `reads on the hosts: ${told.join(', ')}`];
}

function seconds(number: number): string {
  return number.toFixed(number < 10 ? 2 : 1);
}
