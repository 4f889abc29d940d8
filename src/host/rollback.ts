import type { Afresh } from './afresh.ts';
import { rollbackDeadline, rollbackFolder, rollbackProgram, rollbackRecord } from './rollback-program.ts';
import type { AccessWay } from './rollback-ways.ts';
import { type Command, quote, rawShell, sh } from './sh.ts';

const program = `${rollbackFolder}/program`;
/** Exit code: nothing is left that could be confirmed, since the host has put everything back. */
export const isOver = 3;

/** What is to be put back unless it is confirmed. */
interface Guarding {
  readonly ways: readonly AccessWay[];
  /** Seconds without a sign of this run after which the host acts. */
  readonly timeout: number;
  /** The run. */
  readonly owner: string;
  /** User that logs in. */
  readonly login: string;
  /** What is about to change it. */
  readonly title: string;
  /** This run has armed it before. */
  readonly again: boolean;
}

/** Saves the former state on the host and starts its watch, or adds to what is saved. Says `unattended` where a restart is not covered. */
export function arming({ ways, timeout, owner, login, title, again }: Guarding): Command {
  const words = [timeout, owner, login, again ? 'yes' : 'no', title, ...ways];
  const lines = [
    `mkdir -p -m 700 /var/lib/foobar ${rollbackFolder} || exit`,
    // One that watches is not replaced under its feet.
    `[ -e ${rollbackFolder}/armed ] || printf %s ${quote(rollbackProgram)} >${program} || { rm -rf ${rollbackFolder}; exit 1; }`,
    sh`sh ${program} arm ${words}`.text,
  ];
  return rawShell(lines.join('\n'));
}

/**
 * A script that gets lines of `life`: each puts the deadline off, and says how many changes have ended. It starts no
 * process.
 */
export const keeping = [
  'while read -r seconds ended; do',
  `if [ -e ${rollbackFolder}/armed ]; then read -r up rest </proc/uptime; echo "$((\${up%%.*} + seconds)) $ended" >${rollbackDeadline}; fi`,
  'done',
].join('\n');

/**
 * A sign of life for the host.
 * @param seconds until it acts without another one
 * @param ended how many of the changes that were armed have come to their end: one that has not is ended before it is put
 * back
 */
export function life(seconds: number, ended: number): string {
  return `${seconds} ${ended}\n`;
}

/** In front of each line of a record, beside which others are printed. */
export const mark = '\u0001';

const showRecord = `{ cat ${rollbackRecord} 2>/dev/null; rm -f ${rollbackRecord}; }`;

/**
 * Confirms what a run has changed: takes the watch away. Printed first is a word that only a shell that really runs
 * prints.
 */
export function confirming(owner: string): string {
  return [
    'echo confirm',
    `if [ -e ${program} ]; then ${sh`sh ${program} disarm ${owner}`.text}; code=$?; else code=${isOver}; fi`,
    `[ $code != ${isOver} ] || ${showRecord}`,
    'exit $code',
  ].join('\n');
}

/** Has the host put everything back now that a run has changed. */
export function undoing(owner: string, why: string): Command {
  const lines = [
    'echo confirm',
    sh`if [ -e ${rollbackFolder}/armed ] && [ "$(cat ${rollbackFolder}/armed)" = ${owner} ]; then`.text,
    sh`sh ${program} now ${why}`.text,
    'fi',
    showRecord,
    `exit ${isOver}`,
  ];
  return rawShell(lines.join('\n'));
}

/** The restart that is about to come was asked for: the host waits for a confirmation behind it. */
export const expectingRestart: Command = rawShell(`: >${rollbackFolder}/reboot`);

/**
 * Shell for whoever locks a host: what an earlier run left unconfirmed is put back, and what the host did by itself is
 * told, each line behind a mark.
 */
export function leftover(owner: string): string {
  return [
    sh`if [ -e ${rollbackFolder}/armed ] && [ "$(cat ${rollbackFolder}/armed)" != ${owner} ]; then`.text,
    sh`sh ${program} now ${'the run that changed it ended before it was confirmed'} 9>&-`.text,
    'fi',
    told(owner),
  ].join('\n');
}

/** Shell that tells what the host did by itself, each line behind a mark; a run asks for what it was itself that did not confirm. */
export function told(owner: string): string {
  return sh`[ ! -s ${rollbackRecord} ] || grep -qxF ${`owner ${owner}`} ${rollbackRecord} || sed ${`s/^/${mark}/`} ${rollbackRecord}`
    .text;
}

/** Shell that forgets it. */
export const forgetting = `rm -f ${rollbackRecord}`;

/** What a host put back by itself. */
export interface RolledBack {
  /** ISO 8601, by the host's clock. */
  readonly at: string;
  readonly why: string;
  /** The tasks whose changes it was. */
  readonly titles: readonly string[];
  /** Paths, units and what else is as before again. */
  readonly back: readonly string[];
}

/** Reads a record; undefined where there is none. */
export function readRecord(text: string): RolledBack | undefined {
  const lines = text.split('\n');
  const all = (key: string) =>
    lines.filter((line) => line.startsWith(`${key} `)).map((line) => line.slice(key.length + 1));
  const [at] = all('at');
  return at === undefined
    ? undefined
    : { at, why: all('why')[0] ?? '', titles: all('title'), back: all('back') };
}

/** The record among the lines that `told` printed. */
export function recordIn(stdout: Buffer): RolledBack | undefined {
  const lines = stdout.toString('utf8').split('\n');
  return readRecord(lines.flatMap((line) => (line.startsWith(mark) ? line.slice(1) : [])).join('\n'));
}

/** What became of the question over a new connection. */
export type Confirmation =
  | { readonly kind: 'confirmed' }
  | { readonly kind: 'rolled back'; readonly record: RolledBack | undefined }
  | { readonly kind: 'refused'; readonly why: string }
  | { readonly kind: 'lost' };

/** Reads the answer to `confirming` or `undoing`. */
export function readConfirmation({ code, stdout, stderr }: Afresh): Confirmation {
  const said = /(?:^|\n)confirm\n([\s\S]*)$/.exec(stdout)?.[1];
  if (said === undefined && code !== undefined)
    return {
      kind: 'refused',
      why: `no shell is started for us: ${(stderr || stdout).trim() || `exit code ${code}`}`,
    };
  if (code === 0) return { kind: 'confirmed' };
  if (code === isOver) return { kind: 'rolled back', record: readRecord(said ?? '') };
  if (code === undefined) return { kind: 'lost' };
  return { kind: 'refused', why: (said || stderr).trim() };
}

/** What a host did by itself, for the person at the terminal. */
export function rollbackText({ at, why, titles, back }: RolledBack): string {
  const what = titles.length === 0 ? 'what was changed' : titles.join(', ');
  const put = back.length === 0 ? 'nothing differed' : `as before again: ${back.join(', ')}`;
  return `rolled back at ${at}: ${what}: ${why}; ${put}`;
}
