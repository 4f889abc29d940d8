import { moduleName } from './collections.ts';
import type { Play, Playbook, Task } from './contract.ts';
import { sourceOf } from './sources.ts';

export interface ListedTask {
  /** "role : name", as Ansible lists it. */
  readonly name: string;
  /** Its own and the play's, sorted. */
  readonly tags: readonly string[];
}

export interface ListedPlay {
  readonly name: string;
  readonly hosts: string;
  /** `hosts` as it was written: one pattern, or a list. */
  readonly patterns: readonly string[];
  readonly tags: readonly string[];
  /** Without handlers, and without what dynamic includes would bring in: as Ansible lists them. */
  readonly tasks: readonly ListedTask[];
  /** Those of its tasks, sorted, each once. */
  readonly taskTags: readonly string[];
}

/** The plays of a playbook with their tasks and tags, as `--list-tasks` and `--list-tags` show them. */
export function listPlays({ plays }: Playbook): ListedPlay[] {
  return plays.map((play) => {
    const tasks = play.tasks.filter(isListed).map(listed);
    return {
      name: play.name,
      hosts: play.hosts,
      patterns: [sourceOf(play).hosts ?? play.hosts].flat().map(String),
      tags: playTags(play),
      tasks,
      taskTags: [...new Set(tasks.flatMap(({ tags }) => tags))].sort(),
    };
  });
}

/** Flushes between the sections of a play are nobody's tasks, and what only follows a failure is not listed. */
function isListed(task: Task): boolean {
  const written = task.module !== 'meta' || Object.keys(sourceOf(task)).length > 0;
  return written && (task.frames ?? []).every(({ part }) => part === 'block');
}

function listed(task: Task): ListedTask {
  const tags = [...new Set(task.tags)].sort();
  const source = sourceOf(task);
  if (source.name !== undefined && source.name !== null)
    return { name: task.role === undefined ? task.name : `${task.role.name} : ${task.name}`, tags };
  const action = Object.keys(source).find((key) => moduleName(key).short === task.module);
  return { name: action ?? task.module, tags };
}

function playTags(play: Play): string[] {
  const { tags } = sourceOf(play);
  const given = typeof tags === 'string' ? tags.split(',') : Array.isArray(tags) ? tags.map(String) : [];
  return given.map((tag) => tag.trim()).filter((tag) => tag !== '');
}
