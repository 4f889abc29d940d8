import type { HostRecap, RunEvent } from '../engine/events.ts';
import type { Change } from '../modules/contract.ts';
import { shownPath } from '../problems.ts';
import type { Colors } from './colors.ts';
import { table } from './table.ts';
import { clip, count, duration, fold, pad, wrap } from './text.ts';
import { unifiedDiff } from './unified-diff.ts';

export type TaskEvent = Extract<RunEvent, { event: 'task' }>;
export type RecapEvent = Extract<RunEvent, { event: 'recap' }>;

/** How the words are set. */
export interface Setting {
  readonly colors: Colors;
  readonly diff: boolean;
  /** Columns that no line may pass. Default: no limit. */
  readonly columns?: number;
}

export function isFailure({ status }: TaskEvent): boolean {
  return ['failed', 'unreachable', 'unknown', 'interrupted'].includes(status);
}

export function isChange(event: TaskEvent): boolean {
  return event.status === 'changed' || event.status === 'unforeseen';
}

export function taskTitle(event: Pick<TaskEvent, 'task' | 'item' | 'handler'>): string {
  const item = event.item === undefined ? '' : ` (${event.item})`;
  return `${event.task}${item}${event.handler ? ' (handler)' : ''}`;
}

/** The status in its colour; an ignored failure says so, and one that a block rescues. */
function statusWord(event: TaskEvent, colors: Colors): string {
  if (event.ignored) return colors.yellow('ignored');
  if (event.rescued) return colors.yellow('rescued');
  const paint = {
    ok: colors.green,
    changed: colors.yellow,
    skipped: colors.cyan,
    failed: colors.red,
    unreachable: colors.red,
    unknown: colors.red,
    interrupted: colors.red,
    unforeseen: colors.yellow,
  }[event.status];
  return paint(event.status);
}

/** What belongs under a task's line: why it failed, where it stands, what to do, the differences. */
export function taskDetails(event: TaskEvent, setting: Setting): string[] {
  const { colors } = setting;
  const indent = '    ';
  const columns = setting.columns === undefined ? undefined : setting.columns - indent.length;
  const lines: string[] = [];
  if (isFailure(event)) {
    lines.push(...wrap(`${shownPath(event.place.file)}:${event.place.line}`, columns).map(colors.dim));
    lines.push(...wrap(event.message ?? 'it failed without a word', columns).map(colors.red));
  } else if (event.message) lines.push(...wrap(event.message, columns).map(colors.dim));
  if (event.hint) lines.push(...wrap(`hint: ${event.hint}`, columns));
  if (setting.diff)
    for (const change of event.changes ?? []) lines.push(...changeLines(change, colors, columns));
  return lines.map((line) => indent + line);
}

/** One change: a file's content as a unified diff, all else as `what: before -> after`. */
function changeLines(change: Change, colors: Colors, columns?: number): string[] {
  const paint = (line: string) =>
    line.startsWith('+')
      ? colors.green(line)
      : line.startsWith('-')
        ? colors.red(line)
        : line.startsWith('@@')
          ? colors.cyan(line)
          : line;
  const [before, after] = [content(change.from), content(change.to)];
  const isText = change.path !== undefined && before !== undefined && after !== undefined;
  if (!isText)
    return wrap(`${change.what}: ${shown(change.from)} -> ${shown(change.to)}`, columns).map(colors.yellow);
  const heading = [`--- ${change.path} (before)`, `+++ ${change.path} (after)`];
  return [...heading, ...unifiedDiff(before, after)].flatMap((line) => fold(line, columns)).map(paint);
}

function content(value: unknown): string | undefined {
  if (value === undefined || value === null) return '';
  return typeof value === 'string' ? value : undefined;
}

function shown(value: unknown): string {
  if (value === undefined || value === null) return 'none';
  if (value instanceof Uint8Array) return `${value.length} bytes`;
  return typeof value === 'string' ? (value === '' ? "''" : value) : JSON.stringify(value);
}

const usualColumns = ['ok', 'changed', 'skipped', 'failed', 'unreachable'] as const;
const rareColumns = ['unknown', 'rescued', 'ignored'] as const;
type RecapColumn = (typeof usualColumns)[number] | (typeof rareColumns)[number];

/**
 * The table of hosts, what set_stats gathered, and one closing line. Each task is counted once: what changed
 * something is not counted as ok too, as it is in Ansible's recap.
 */
export function recapLines(event: RecapEvent, check: boolean, setting: Setting): string[] {
  const { colors } = setting;
  const all = Object.values(event.hosts);
  const recapColumns: readonly RecapColumn[] = [
    ...usualColumns,
    ...rareColumns.filter((column) => all.some((recap) => recap[column] > 0)),
  ];
  const paint: Record<RecapColumn, (text: string) => string> = {
    ok: colors.green,
    changed: colors.yellow,
    skipped: colors.cyan,
    failed: colors.red,
    unreachable: colors.red,
    unknown: colors.red,
    rescued: colors.yellow,
    ignored: colors.yellow,
  };
  const cell = (recap: HostRecap, column: RecapColumn) =>
    recap[column] > 0 ? paint[column](String(recap[column])) : colors.dim('0');
  const rows = Object.entries(event.hosts).map(([host, recap]) => [
    recap.failed + recap.unreachable + recap.unknown > 0 ? colors.red(host) : host,
    ...recapColumns.map((column) => cell(recap, column)),
  ]);
  const head = ['host', ...recapColumns];
  const lines = table([head, ...rows], {
    right: recapColumns.map((_column, index) => index + 1),
    paintHead: colors.bold,
    ...(setting.columns !== undefined && { columns: setting.columns }),
  });
  const told = statisticsLines(event);
  return [...(rows.length > 0 ? [...lines, ''] : []), ...told, closing(event, check, colors)];
}

function statisticsLines({ statistics }: RecapEvent): string[] {
  if (!statistics) return [];
  const line = (of: string, values: Readonly<Record<string, unknown>>): string[] =>
    Object.keys(values).length > 0 ? [`${of}: ${JSON.stringify(values)}`] : [];
  const hosts = Object.entries(statistics.hosts).flatMap(([host, values]) => line(host, values));
  return ['custom statistics', ...hosts, ...line('run', statistics.run), ''];
}

function closing(event: RecapEvent, check: boolean, colors: Colors): string {
  const all = Object.values(event.hosts);
  const sum = (column: keyof HostRecap) => all.reduce((total, recap) => total + recap[column], 0);
  const on = `${count(all.length, 'host')}, ${duration(event.seconds)}`;
  const parts: string[] = event.interrupted ? [colors.red('interrupted')] : [];
  const unreachable = all.filter((recap) => recap.unreachable > 0).length;
  if (unreachable > 0) parts.push(colors.red(`${count(unreachable, 'host')} unreachable`));
  const lost = all.filter((recap) => recap.unknown > 0).length;
  if (lost > 0) parts.push(colors.red(`${count(lost, 'host')} lost`));
  if (sum('failed') > 0) parts.push(colors.red(`${count(sum('failed'), 'task')} failed`));
  const changed = sum('changed');
  if (changed > 0)
    parts.push(
      colors.yellow(check ? `${count(changed, 'change')} to make` : `${count(changed, 'change')} made`),
    );
  if (parts.length === 0 && all.length === 0) parts.push(colors.yellow('no host took part'));
  if (parts.length === 0) parts.push(colors.green('nothing to change'));
  return `${parts.join(', ')} (${on})`;
}

/** The line of one task: `host  changed  role : task  (1.2 s)`. */
export function taskLine(event: TaskEvent, hostColumns: number, setting: Setting): string {
  const { colors, columns = Number.POSITIVE_INFINITY } = setting;
  const word = pad(statusWord(event, colors), 'unreachable'.length);
  const time = event.seconds >= 0.05 ? `  (${duration(event.seconds)})` : '';
  const room = columns - hostColumns - 'unreachable'.length - 4 - time.length;
  return `${pad(event.host, hostColumns)}  ${word}  ${clip(taskTitle(event), room)}${colors.dim(time)}`;
}
