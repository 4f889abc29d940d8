import type { Problem } from '../errors.ts';
import { didYouMean } from '../problems.ts';
import type { Include, Included, Play, Playbook, Task } from './contract.ts';
import { copySource, sourceOf } from './sources.ts';

export interface TagOptions {
  readonly tags?: readonly string[] | undefined;
  readonly skipTags?: readonly string[] | undefined;
}

/** The playbook with only the tasks that `--tags` and `--skip-tags` leave, by Ansible's rules. */
export function selectTasks(playbook: Playbook, options: TagOptions): Playbook {
  const only = words(options.tags);
  const skip = words(options.skipTags);
  if (only.length === 0 && skip.length === 0) only.push('all');
  const selected = (tags: readonly string[]) => isSelected(tags, only.length > 0 ? only : ['all'], skip);
  const wanted = (task: Task) => isImplicit(task) || selected(task.tags);
  const gathers = ({ gatherFacts, tags = ['always'] }: Play) => gatherFacts && selected(tags);
  const left = (tasks: readonly Task[]): Task[] =>
    tasks
      .filter(wanted)
      .map((task) => (task.include === undefined ? task : selecting(task, task.include, left)));
  return {
    ...playbook,
    plays: playbook.plays.map((play) =>
      copySource(play, { ...play, gatherFacts: gathers(play), tasks: left(play.tasks) }),
    ),
  };
}

/** An include that brings in only what is selected. */
function selecting(task: Task, include: Include, left: (tasks: readonly Task[]) => Task[]): Task {
  const selected = new Map<Included, Included>();
  const read: Include['read'] = (args) => {
    const whole = include.read(args);
    const known = selected.get(whole) ?? { ...whole, tasks: left(whole.tasks) };
    selected.set(whole, known);
    return known;
  };
  return copySource(task, { ...task, include: { read } });
}

/** Ansible's rule for one task: `always`, `never`, and the special words all, tagged and untagged. */
export function isSelected(
  tags: readonly string[],
  only: readonly string[],
  skip: readonly string[],
): boolean {
  const own = tags.length > 0 ? tags : ['untagged'];
  const any = (list: readonly string[]) => own.some((tag) => list.includes(tag));
  const never = own.includes('never');
  const run =
    own.includes('always') ||
    (only.includes('all') && !never) ||
    any(only) ||
    (only.includes('tagged') && tags.length > 0 && !never);
  if (!run) return false;
  if (skip.includes('all')) return own.includes('always') && !skip.includes('always');
  return !any(skip) && !(skip.includes('tagged') && tags.length > 0);
}

/** Tags asked for that no task has: they would silently select nothing. */
export function unknownTags(playbook: Playbook, options: TagOptions): Problem[] {
  const known = new Set(playbook.plays.flatMap((play) => play.tasks.flatMap((task) => task.tags)));
  if ([...known].some((tag) => tag.includes('{{'))) return [];
  const special = ['all', 'tagged', 'untagged', 'always', 'never'];
  return [...words(options.tags), ...words(options.skipTags)]
    .filter((tag) => !known.has(tag) && !special.includes(tag))
    .map((tag) => ({
      message: `no task has the tag ${tag}`,
      hint:
        didYouMean(tag, known) ?? (known.size > 0 ? `tags here: ${[...known].sort().join(', ')}` : undefined),
      severity: 'error',
    }));
}

/** The flushes that a play has between its sections are no tasks of anybody: tags do not touch them. */
function isImplicit(task: Task): boolean {
  return task.module === 'meta' && Object.keys(sourceOf(task)).length === 0;
}

function words(list: readonly string[] | undefined): string[] {
  return (list ?? [])
    .flatMap((item) => item.split(','))
    .map((word) => word.trim())
    .filter((word) => word !== '');
}
