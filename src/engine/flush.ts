import type { Frame } from '../playbook/contract.ts';
import { isSet } from './conditions.ts';
import { isStopped } from './ends.ts';
import type { HostPlay } from './host-play.ts';
import { include } from './including.ts';
import type { Entry } from './program.ts';
import { forgetUnseen } from './turn.ts';
import type { Walk } from './walk.ts';

/**
 * Runs what is due, in the order in which handlers are defined; a handler may notify later ones.
 * @param frames where the flush stands: a handler that fails does so there
 */
export async function flushHandlers(
  walk: Walk,
  hosts: readonly HostPlay[],
  frames: readonly Frame[],
): Promise<void> {
  const { handlers, run, state } = walk.batch;
  const goesOn = () => !run.signal.aborted && !state.stopped;
  // Handlers that are included on the way are known behind those that were.
  for (let index = 0; index < handlers.entries.length && goesOn(); index++) {
    const handler = handlers.entries[index] as Entry;
    const due = hosts.filter((host) => walk.isPresent(host) && host.handlers.due.has(handler));
    if (due.length > 0) await runHandler(walk, handler, due, frames);
  }
}

async function runHandler(
  walk: Walk,
  handler: Entry,
  due: readonly HostPlay[],
  frames: readonly Frame[],
): Promise<void> {
  const { task } = handler;
  const { run } = walk.batch;
  const [first, ...rest] = due;
  if (!first) return;
  const inside = { ...handler, frames: [...frames, ...handler.frames] };
  if (task.include) {
    await included(walk, inside, due);
    for (const host of due) if (walk.isPresent(host)) await host.handlers.handled(handler).catch(() => {});
    return;
  }
  const once = !walk.batch.isFree && isSet(task.runOnce, () => first.scope(inside), false);
  await Promise.all(
    (once ? [first] : due).map(async (host) => {
      const before = run.fleet.epochOf(host.name);
      const end = await host.runHandler(handler, inside);
      walk.ended(host, inside, end);
      await walk.conclude(host, end);
      forgetUnseen(walk, host, inside, end, before, once);
      if (!once) return;
      if (isStopped(end)) for (const other of rest) walk.failToo(other, inside);
      else await Promise.allSettled(rest.map((other) => other.handlers.handled(handler)));
    }),
  );
}

/** A handler that includes tasks: they run at once, as handlers. */
async function included(walk: Walk, handler: Entry, due: readonly HostPlay[]): Promise<void> {
  const entries = await include(walk, handler, due, true);
  for (const entry of entries) {
    const hosts = due.filter((host) => walk.isPresent(host) && entry.hosts?.has(host.name));
    if (hosts.length === 0) continue;
    if (entry.task.include) await included(walk, entry, hosts);
    else
      await Promise.all(
        hosts.map(async (host) => {
          const before = walk.batch.run.fleet.epochOf(host.name);
          const end = await host.runIncludedHandler(entry);
          walk.ended(host, entry, end);
          await walk.conclude(host, end);
          forgetUnseen(walk, host, entry, end, before, false);
        }),
      );
  }
}
