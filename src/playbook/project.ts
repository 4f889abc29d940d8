import { dirname } from 'node:path';
import { type Problem, ProjectError } from '../errors.ts';
import type { Inventory } from '../inventory/contract.ts';
import { loadInventory } from '../inventory/load.ts';
import { sortProblems } from '../problems.ts';
import { checkProject, type ModuleRegistry } from './check.ts';
import type { Playbook } from './contract.ts';
import { readPlaybook } from './load.ts';

export interface ProjectFiles {
  /** One source or several, later ones overriding. */
  readonly inventory: string | readonly string[];
  readonly playbook: string;
  readonly extraVars: Readonly<Record<string, unknown>>;
  readonly registry: ModuleRegistry;
  /** Where roles are looked for besides the playbook's folder. */
  readonly rolesPath?: readonly string[] | undefined;
  /** Where collections are looked for besides the playbook's folder. */
  readonly collectionsPath?: readonly string[] | undefined;
  /** What was found wrong before, which is told with the rest. */
  readonly problems?: readonly Problem[];
}

export interface CheckedProject {
  readonly inventory: Inventory;
  readonly playbook: Playbook;
  /** Warnings only. */
  readonly problems: readonly Problem[];
}

/**
 * Reads and checks an inventory and a playbook together. Throws one ProjectError with the mistakes of both, those
 * in the parameters of tasks included, even when some files cannot be read.
 */
export async function readProject(files: ProjectFiles): Promise<CheckedProject> {
  const { extraVars, registry } = files;
  const problems: Problem[] = [...(files.problems ?? [])];
  const inventory = attempt(problems, () =>
    loadInventory(files.inventory, { playbookDirectory: dirname(files.playbook) }),
  );
  const unread = problems.some((problem) => problem.severity === 'error');
  const read = readPlaybook(files.playbook, {
    modules: registry.moduleNames(),
    extraVars,
    rolesPath: files.rolesPath,
    collectionsPath: files.collectionsPath,
  });
  problems.push(...read.problems);
  const { playbook } = read;
  const incomplete = unread || read.incomplete;
  problems.push(...(await checkProject({ inventory, playbook, extraVars, registry, incomplete })));
  const sorted = sortProblems(problems);
  if (inventory === undefined || sorted.some((problem) => problem.severity === 'error'))
    throw new ProjectError(sorted);
  return { inventory, playbook, problems: sorted };
}

function attempt<T>(problems: Problem[], read: () => T): T | undefined {
  try {
    return read();
  } catch (error) {
    if (!(error instanceof ProjectError)) throw error;
    problems.push(...error.problems);
    return undefined;
  }
}
