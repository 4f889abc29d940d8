import type { Run } from './process.ts';

/** Several runs of one thing. */
export interface Figures {
  /** Seconds: least, median, most. */
  readonly wall: readonly [number, number, number];
  /** Seconds of the controller's processor, median. */
  readonly cpu: number;
  /** MB, median. */
  readonly memory: number;
  /** On all hosts together, of one run: seconds of processor time, processes begun. */
  readonly hosts?: { readonly cpu: number; readonly processes: number };
  readonly runs: number;
}

export function figures(runs: readonly Run[], onHosts?: { cpu: number; processes: number }): Figures {
  const walls = runs.map(({ wall }) => wall).sort((left, right) => left - right);
  return {
    wall: [walls[0] ?? 0, median(walls), walls.at(-1) ?? 0],
    cpu: median(runs.map(({ cpu }) => cpu)),
    memory: median(runs.map(({ memory }) => memory)),
    ...(onHosts ? { hosts: onHosts } : {}),
    runs: runs.length,
  };
}

function median(values: readonly number[]): number {
  const sorted = [...values].sort((left, right) => left - right);
  return sorted[Math.floor(sorted.length / 2)] ?? 0;
}

export type Results = Record<string, Record<string, Figures>>;

/** A table of one kind of work: a line for each tool, its ratio to foobar, and what it was before. */
export function table(
  work: string,
  tools: Record<string, Figures>,
  before?: Record<string, Figures>,
): string {
  const own = tools.foobar?.wall[1];
  const rows = Object.entries(tools).map(([tool, { wall, cpu, memory, hosts, runs }]) => [
    tool,
    `${seconds(wall[1])} (${seconds(wall[0])} to ${seconds(wall[2])}, ${runs} runs)`,
    own === undefined || tool === 'foobar' ? '' : `${(wall[1] / own).toPrecision(3)} x`,
    `${seconds(cpu)} CPU`,
    memory > 0 ? `${memory.toFixed(0)} MB` : '',
    hosts ? `hosts: ${seconds(hosts.cpu)} CPU, ${hosts.processes} processes` : '',
    before?.[tool] ? `before: ${seconds(before[tool].wall[1])}` : '',
  ]);
  const widths =
    rows[0]?.map((_cell, column) => Math.max(...rows.map((row) => row[column]?.length ?? 0))) ?? [];
  const lines = rows.map((row) =>
    row
      .map((cell, column) => cell.padEnd(widths[column] ?? 0))
      .join('  ')
      .trimEnd(),
  );
  return [work, ...lines.map((line) => `  ${line}`)].join('\n');
}

function seconds(value: number): string {
  return value < 10 ? `${value.toFixed(2)} s` : `${value.toFixed(1)} s`;
}
