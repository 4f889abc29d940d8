import { type Figures, figures, type Result, type Results, table, worksOf } from './figures.ts';
import { difference, type Lab, type Route, type Spent, spent } from './lab.ts';
import type { Run } from './process.ts';
import type { Relays, Wire } from './relay.ts';
import { commandOf, perform, type Tool, type Work } from './tools.ts';

/** What a part of the bench measures with, and gives its results to. */
export interface Bench {
  /** Fewer runs and without the slowest peers. */
  readonly quick: boolean;
  show(name: string, result: Result): void;
  /** Versions of the peers, once they are known. */
  peers?: string;
}

export interface Turns {
  readonly lab: Lab;
  readonly route: Route;
  readonly tools: readonly Tool[];
  readonly work: Work;
  /** How often each tool does it; default: peers once. */
  readonly runs: number;
  readonly peerRuns?: number;
  readonly relays?: Relays;
  prepare?(): Promise<void>;
}

/** Runs tools in turns, so that what else the machine does meets all of them; slow ones less often. */
export async function inTurns(turns: Turns): Promise<Record<string, Figures>> {
  const { lab, route, tools, work, relays } = turns;
  const runs = new Map<Tool, Run[]>(tools.map((tool) => [tool, []]));
  const also = new Map<Tool, { hosts?: Spent; wire?: Wire }>();
  for (let round = 0; round < turns.runs; round++)
    for (const tool of tools) {
      const isPeer = tool === 'Ansible' || tool === 'Mitogen';
      if (isPeer && round >= (turns.peerRuns ?? 1)) continue;
      await turns.prepare?.();
      const start = round === 0 ? await spent(lab) : undefined;
      relays?.count();
      runs.get(tool)?.push(await perform(lab, tool, route, work));
      const wire = relays?.count();
      if (start) also.set(tool, { hosts: difference(start, await spent(lab)), ...(wire ? { wire } : {}) });
    }
  return Object.fromEntries(
    tools.map((tool) => [tool, figures(commandOf(tool, work), runs.get(tool) ?? [], also.get(tool))]),
  );
}

/** Prints each result beside that of an earlier run, and keeps it. */
export function printer(before: Results): { work: Record<string, Result>; show: Bench['show'] } {
  const work: Record<string, Result> = {};
  const earlier = worksOf(before);
  return {
    work,
    show(name, result) {
      work[name] = result;
      console.log(`\n${table(result, earlier[name])}`);
    },
  };
}
