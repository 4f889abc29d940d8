import type { Spent } from './lab.ts';
import type { Run } from './process.ts';
import type { Wire } from './relay.ts';

/** Several runs of one thing. */
export interface Figures {
  /** How one would do it by hand. */
  readonly command: string;
  /** Seconds: least, median, most. */
  readonly wall: readonly [number, number, number];
  /** Seconds of the controller's processor, median. */
  readonly cpu: number;
  /** MB, median; 0 where it was not looked at. */
  readonly memory: number;
  /** On all hosts together, of one run. */
  readonly hosts?: Spent;
  /** Of one run. */
  readonly wire?: Wire;
  readonly runs: number;
}

/** One kind of work done by several tools; or single figures, as a slope over several runs. */
export interface Result {
  readonly title: string;
  readonly tools?: Readonly<Record<string, Figures>>;
  readonly numbers?: Readonly<Record<string, number>>;
}

/** What was measured in one go. Parts may come from different days and machines: compare figures inside a part. */
export interface Part {
  /** On what: date, processor, versions. */
  readonly about: Readonly<Record<string, string>>;
  readonly work: Readonly<Record<string, Result>>;
}

/** By the name of the part. */
export type Results = Readonly<Record<string, Part>>;

/** The works of all parts; their names differ. */
export function worksOf(results: Results): Record<string, Result> {
  return Object.assign({}, ...Object.values(results).map(({ work }) => work));
}

export function figures(
  command: string,
  runs: readonly Run[],
  also: Pick<Figures, 'hosts' | 'wire'> = {},
): Figures {
  const walls = runs.map(({ wall }) => wall).sort((left, right) => left - right);
  return {
    command,
    wall: [walls[0] ?? 0, median(walls), walls.at(-1) ?? 0],
    cpu: median(runs.map(({ cpu }) => cpu)),
    memory: Math.round(median(runs.map(({ memory }) => memory))),
    ...also,
    runs: runs.length,
  };
}

function median(values: readonly number[]): number {
  const sorted = [...values].sort((left, right) => left - right);
  return sorted[Math.floor(sorted.length / 2)] ?? 0;
}

/** A table of one kind of work: a line for each tool; last, what became of the ratios since the results before. */
export function table({ title, tools = {}, numbers = {} }: Result, before?: Result): string {
  const own = tools.foobar?.wall[1];
  const rows = Object.entries(tools).map(([tool, { wall, cpu, memory, hosts, wire, runs }]) => [
    tool,
    `${seconds(wall[1])} (${seconds(wall[0])} to ${seconds(wall[2])}, ${runs} runs)`,
    own === undefined || tool === 'foobar' ? '' : `${times(wall[1] / own)} foobar`,
    `${seconds(cpu)} CPU`,
    memory > 0 ? `${memory} MB` : '',
    hosts
      ? `hosts: ${seconds(hosts.cpu)} CPU, ${hosts.processes} processes, left: ${hosts.files} files, ${hosts.running} processes`
      : '',
    wire
      ? `wire: ${wire.roundTrips} round trips, ${kilobytes(wire.sent)} there, ${kilobytes(wire.received)} back, ${wire.connections} connections`
      : '',
  ]);
  const lines = Object.entries(numbers).map(
    ([name, value]) => `${name}: ${short(value)}${was(before?.numbers?.[name], value)}`,
  );
  const then = compare(tools, before?.tools);
  return [title, ...aligned(rows), ...lines, ...(then ? [then] : [])]
    .map((line, index) => (index ? `  ${line}` : line))
    .join('\n');
}

/** One line that says what became of the ratios between tools, which say more than seconds of different days. */
function compare(now: Result['tools'] = {}, before: Result['tools'] = {}): string {
  const ratio = (tools: Readonly<Record<string, Figures>>, tool: string) =>
    tools[tool] && tools.foobar ? tools[tool].wall[1] / tools.foobar.wall[1] : undefined;
  const parts = Object.keys(now).flatMap((tool) => {
    const [today, then] = [ratio(now, tool), ratio(before, tool)];
    if (tool === 'foobar' || today === undefined || then === undefined) return [];
    return tool === 'floor'
      ? [`foobar is at ${times(1 / today)} the floor (was ${times(1 / then)})`]
      : [`${tool} takes ${times(today)} as long (was ${times(then)})`];
  });
  return parts.length > 0 ? `since the last results: ${parts.join(', ')}` : '';
}

function was(before: number | undefined, now: number): string {
  return before === undefined || before === now ? '' : ` (was ${short(before)})`;
}

function aligned(rows: readonly string[][]): string[] {
  const widths =
    rows[0]?.map((_cell, column) => Math.max(...rows.map((row) => row[column]?.length ?? 0))) ?? [];
  return rows.map((row) =>
    row
      .map((cell, column) => cell.padEnd(widths[column] ?? 0))
      .join('  ')
      .trimEnd(),
  );
}

export function short(value: number): string {
  return Math.abs(value) >= 100 ? value.toFixed(0) : String(Number(value.toPrecision(2)));
}

export function times(ratio: number): string {
  return `${ratio >= 100 ? ratio.toFixed(0) : ratio.toPrecision(2)} x`;
}

export function seconds(value: number): string {
  return value < 10 ? `${value.toFixed(2)} s` : `${value.toFixed(value < 100 ? 1 : 0)} s`;
}

export function kilobytes(bytes: number): string {
  return `${(bytes / 1000).toFixed(bytes < 10_000 ? 1 : 0)} kB`;
}
