import type { HostPlay } from './host-play.ts';
import { type Asked, askedBy, type Group } from './includes.ts';
import type { Outcome } from './outcome.ts';
import { skippedBy } from './outcome.ts';
import type { Entry } from './program.ts';
import type { Walk } from './walk.ts';

/**
 * Carries out an include on hosts: what they ask for is read once for all who ask for the same.
 * @returns the entries to put in behind it
 */
export async function include(
  walk: Walk,
  entry: Entry,
  taking: readonly HostPlay[],
  handler = false,
): Promise<Entry[]> {
  const groups = new Set<Group>();
  for (const host of taking) for (const group of ask(walk, entry, host, handler)) groups.add(group);
  const { batch } = walk;
  const result: Entry[] = [];
  for (const { included, entries } of groups) {
    batch.handlers.add(included.handlers);
    if (included.defaults.length + included.layers.length > 0) {
      batch.publish(included);
      walk.forgetAhead();
    }
    await batch.load([...included.tasks, ...included.handlers]);
    result.push(...entries);
  }
  return result;
}

/** What an include would bring a host, if that is known: its condition, its arguments, and what it needs. */
export function foreseen(
  walk: Walk,
  entry: Entry,
  name: string,
  pending: ReadonlySet<string>,
): readonly Entry[] | undefined {
  const { task } = entry;
  if (task.loop || task.register !== undefined) return undefined;
  const host = walk.hosts.find((each) => each.name === name);
  if (!host) return undefined;
  try {
    const [asked] = askedBy(task, host.scope(entry, pending)).asked;
    if (!asked || asked.error !== undefined) return undefined;
    if (asked.skipped !== undefined) return [];
    const { included, entries } = walk.batch.inclusions.group(entry, asked);
    const { defaults, layers, tasks, handlers } = included;
    if (defaults.length + layers.length + handlers.length > 0) return undefined;
    if (walk.batch.isLoaded(tasks)) return entries;
    void walk.batch.load(tasks).catch(() => {});
    return undefined;
  } catch {
    // Not known yet, or wrong: its own turn will tell.
    return undefined;
  }
}

/** What one host asks for; it is told and counted as a task of its own. */
function ask(walk: Walk, entry: Entry, host: HostPlay, handler: boolean): Group[] {
  const began = performance.now();
  const scope = host.scope(entry);
  const groups: Group[] = [];
  let going: ReturnType<typeof askedBy>;
  try {
    going = askedBy(entry.task, scope);
  } catch (error) {
    walk.ended(host, entry, host.fails(entry, error, began, handler));
    return [];
  }
  const outcomes = going.asked.map((asked): Outcome => {
    const outcome = read(walk, entry, host, asked, groups);
    host.tell(entry, outcome, scope, { began, handler, item: asked.label });
    return outcome;
  });
  if (outcomes.length === 0) {
    const nothing: Outcome = { status: 'skipped', message: 'nothing to loop over', result: {} };
    host.tell(entry, nothing, scope, { began, handler });
  }
  const end = host.concludedInclude(entry, outcomes, going);
  const unrescued = going.asked.every(({ error }) => error === undefined);
  const included = outcomes.filter(({ status }) => status === 'ok').length;
  walk.ended(host, entry, { ...end, unrescued, included });
  return end.status === 'failed' ? [] : groups;
}

function read(walk: Walk, entry: Entry, host: HostPlay, asked: Asked, groups: Group[]): Outcome {
  if (asked.skipped !== undefined) return skippedBy(asked.skipped);
  if (asked.error !== undefined) return host.failureOf(asked.error);
  try {
    groups.push(walk.batch.inclusions.group(entry, asked, host.name));
  } catch (error) {
    return host.failureOf(error);
  }
  const { _raw_params: include, ...include_args } = asked.args;
  const result = { changed: false, ...(include === undefined ? {} : { include }), include_args };
  return { status: 'ok', result };
}
