import { writeFileSync } from 'node:fs';
import { unifiedDiff } from '../../../src/reporters/unified-diff.ts';
import type { Lab } from '../support.ts';
import { openProject, type Project } from './project.ts';
import { runAnsible, runFoobar, type Told, told, withGuesses } from './runs.ts';
import { compareStates, type State, takeState } from './state.ts';
import { chosen, type Twins } from './twins.ts';

export const phases = ['check mode', 'first run', 'second run'] as const;
export type Phase = (typeof phases)[number];

/** How a playbook's run by both tools ended. */
export interface Compared {
  /** The differences as text; empty when there are none. */
  readonly differences: string;
  /** Tasks that Ansible ended on all hosts, without loops' items. */
  readonly tasks: number;
  readonly seconds: number;
}

/** Runs a playbook on both of the twins, phase by phase, and compares. */
export async function compare(
  lab: Lab,
  name: string,
  twins: readonly Twins[],
): Promise<Readonly<Record<Phase, Compared>>> {
  const project = await openProject(lab, name, twins);
  const found: Partial<Record<Phase, Compared>> = {};
  let before = await states(lab, project);
  for (const phase of phases) {
    const check = phase === 'check mode';
    const began = Date.now();
    const [ansible, said] = await Promise.all([runAnsible(lab, project, check), runFoobar(project, check)]);
    const foobar = check ? withGuesses(said, ansible) : said;
    const after = await states(lab, project);
    const differences = [
      ...unexpected(project, ansible),
      ...tellings(ansible, foobar),
      ...after.flatMap((pair, index) => compareStates(before[index]!, pair, check)),
    ];
    const tasks = new Set(ansible.ends.map(({ task, module }) => `${task} ${module}`)).size;
    found[phase] = { differences: differences.join('\n'), tasks, seconds: (Date.now() - began) / 1000 };
    before = after;
  }
  if (chosen) {
    const report = phases.map(
      (phase) => `${phase} (${found[phase]!.seconds} s)\n${found[phase]!.differences}\n`,
    );
    writeFileSync(`${project.directory}.txt`, report.join('\n'));
  }
  return found as Record<Phase, Compared>;
}

/** A playbook that ends early by mistake would show little. */
function unexpected({ fails }: Project, { code, remarks, ends }: Told): string[] {
  return (code !== 0) === fails && ends.length > 0
    ? []
    : [`Ansible's exit code is ${code}`, ...remarks.map((line) => `  ${line}`)];
}

function tellings(ansible: Told, foobar: Told): string[] {
  const text = (side: Told) => `${told(side).join('\n')}\n`;
  const lines = unifiedDiff(text(ansible), text(foobar));
  if (lines.length === 0) return [];
  const remarks = (tool: string, side: Told) => side.remarks.map((line) => `  ${tool}: ${line}`);
  return [
    'tasks (- Ansible, + foobar)',
    ...lines.map((line) => `  ${line}`),
    ...remarks('Ansible', ansible),
    ...remarks('foobar', foobar),
  ];
}

async function states(lab: Lab, project: Project): Promise<(readonly [State, State])[]> {
  const sides = (index: number) =>
    Promise.all([takeState(lab, project, 'ansible', index), takeState(lab, project, 'foobar', index)]);
  return Promise.all(project.twins.map((_twins, index) => sides(index)));
}
