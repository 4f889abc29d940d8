import { TaskFailure } from '../errors.ts';
import { replaceInventory } from './answers.ts';
import { failing } from './conditions.ts';
import { flushHandlers } from './flush.ts';
import type { HostPlay } from './host-play.ts';
import type { Entry } from './program.ts';
import type { Walk } from './walk.ts';

/** Each host for itself; what is none of these is done once for all, if the first host's conditions hold. */
const hostwise = ['noop', 'reset_connection', 'end_host', 'end_role', 'flush_handlers'];

/** Carries out a `meta` task. */
export async function runMeta(
  walk: Walk,
  entry: Entry,
  taking: readonly HostPlay[],
  index: number,
): Promise<void> {
  const word = String(entry.task.args._raw_params ?? '').trim();
  // As in Ansible these take no condition.
  const unconditional = ['noop', 'reset_connection', 'refresh_inventory'].includes(word);
  if (unconditional && entry.task.when.length > 0)
    walk.batch.warn(`${word} task does not support when conditional`);
  const asked = hostwise.includes(word) ? taking : taking.slice(0, 1);
  const meant = asked.filter((host) => unconditional || isMeant(walk, entry, host));
  const [first] = meant;
  if (!first) return;
  const { run } = walk.batch;
  const all = walk.batch.hosts;
  switch (word) {
    case 'flush_handlers':
      return flushHandlers(walk, meant, entry.frames);
    case 'end_host':
      for (const { course } of meant) course.end();
      break;
    case 'end_play':
    case 'end_batch':
      for (const { course } of all) course.end();
      walk.batch.playEnded = word === 'end_play';
      break;
    case 'end_role':
      for (const host of meant) host.next = endOfRole(walk, entry, index);
      return;
    case 'clear_facts':
      for (const { variables } of all) variables.forgetFacts();
      break;
    case 'clear_host_errors':
      await clearErrors(walk);
      break;
    case 'refresh_inventory':
      if (run.refreshInventory) replaceInventory(run.variables, await run.refreshInventory());
      break;
    case 'reset_connection':
      await Promise.all(meant.map(({ name }) => run.fleet.reset(name)));
      break;
    default:
      return;
  }
  walk.settle();
  walk.forgetAhead();
}

/** Whether the conditions hold; one that cannot be evaluated fails the host. */
function isMeant(walk: Walk, entry: Entry, host: HostPlay): boolean {
  try {
    return failing(entry.task.when, host.scope(entry)) === undefined;
  } catch (error) {
    if (!(error instanceof TaskFailure)) throw error;
    walk.ended(host, entry, host.fails(entry, error, performance.now()));
    return false;
  }
}

/** The index behind the last task of the role as it was asked for here. */
function endOfRole(walk: Walk, { task }: Entry, index: number): number {
  const { role } = task;
  let last = index;
  for (let at = index; at < walk.program.length; at++)
    if (role !== undefined && walk.program.at(at)?.task.role === role) last = at;
  return last + 1;
}

async function clearErrors(walk: Walk): Promise<void> {
  const { state, names, run } = walk.batch;
  const lost = names.filter((name) => state.lost.has(name));
  for (const name of names) {
    state.failed.delete(name);
    state.lost.delete(name);
  }
  await Promise.all(lost.map((name) => run.fleet.reset(name)));
  walk.revive();
}
