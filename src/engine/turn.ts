import { TaskFailure } from '../errors.ts';
import { isSet, numberOf } from './conditions.ts';
import { isStopped, type TaskEnd } from './ends.ts';
import type { HostPlay } from './host-play.ts';
import type { Entry } from './program.ts';
import type { Walk } from './walk.ts';

/** One task on the hosts that take part: side by side, on one of them for all, or some at a time. */
export async function takeTurn(
  walk: Walk,
  entry: Entry,
  taking: readonly HostPlay[],
  index: number,
): Promise<void> {
  const { batch } = walk;
  const { task } = entry;
  const [first] = taking;
  if (!first) return;
  const module = batch.state.modules.get(task.module);
  const bypasses = module?.kind === 'action' && module.once === true;
  const asked = isSet(task.runOnce, () => first.scope(entry), false);
  if (batch.isFree && bypasses) {
    const why = `${task.module} runs once for all hosts, which strategy free cannot do`;
    return walk.ended(first, entry, first.fails(entry, new TaskFailure(why), performance.now()));
  }
  if (batch.isFree && asked) batch.warn('run_once means nothing with strategy free: each host runs the task');
  const once = !batch.isFree && (asked || bypasses);
  const throttle = numberOf(task.throttle ?? batch.play.throttle, () => first.scope(entry)) ?? 0;
  const ends = new Map<HostPlay, TaskEnd>();
  await pooled(once ? [first] : taking, once ? 0 : throttle, async (host) => {
    const before = batch.run.fleet.epochOf(host.name);
    const end = await host.runAt(index, entry);
    ends.set(host, end);
    walk.ended(host, entry, end);
    await walk.conclude(host, end);
    if (end.status === 'unknown') await walk.tellUnknown(host, index + 1);
    forgetUnseen(walk, host, entry, end, before, asked);
  });
  spread(walk, entry, ends, asked, once);
  limit(walk);
}

/** What ran once failed for all; any_errors_fatal makes one host's failure that of all. */
function spread(
  walk: Walk,
  entry: Entry,
  ends: ReadonlyMap<HostPlay, TaskEnd>,
  asked: boolean,
  once: boolean,
): void {
  const bad = [...ends].filter(([, end]) => isStopped(end) && end.status !== 'interrupted');
  const [first] = bad;
  if (!first || walk.batch.isFree) return;
  const [host, end] = first;
  const { task } = entry;
  const fatal =
    once || isSet(task.anyErrorsFatal ?? walk.batch.play.anyErrorsFatal, () => host.scope(entry), false);
  if (!fatal) return;
  const others = walk.living().filter((other) => !bad.some(([failed]) => failed === other));
  for (const other of others) {
    // Ansible fails them twice, out of a rescue too: for run_once, and since its errors are fatal.
    if (asked && end.status === 'failed') walk.failToo(other, entry);
    walk.failToo(other, entry);
    walk.batch.givenUp.add(other.name);
  }
  const stopped = others.filter(({ course }) => course.state !== 'running').map(({ name }) => name);
  if (stopped.length === 0) return;
  const what = once ? 'a task that runs once for all' : 'a task whose errors are fatal for all';
  walk.batch.warn(`stopped: ${what} failed on ${host.name}; not touched any more: ${stopped.join(', ')}`);
}

/** `max_fail_percentage`. */
function limit(walk: Walk): void {
  const { batch } = walk;
  if (batch.play.maxFailPercentage === undefined || batch.isFree) return;
  const [first] = walk.hosts;
  const most = first && numberOf(batch.play.maxFailPercentage, batch.scope());
  const { recaps } = batch.state;
  const failed = walk.hosts.filter(
    ({ course, name }) => course.state === 'failed' || (recaps[name]?.unknown ?? 0) > 0,
  ).length;
  if (most === undefined || failed / batch.names.length <= most / 100) return;
  const stopped = walk.living().map(({ name }) => name);
  for (const { course } of walk.living()) course.abandon();
  walk.settle();
  if (stopped.length > 0)
    batch.warn(
      `stopped: more than ${most} % of the hosts failed; not touched any more: ${stopped.join(', ')}`,
    );
}

/**
 * What a task may have changed beyond its host's own epoch is asked anew: on the host that it was delegated to, by a command
 * anywhere, in files of the controller.
 * @param before the host's epoch before the task
 */
export function forgetUnseen(
  walk: Walk,
  host: HostPlay,
  { task }: Entry,
  { status }: TaskEnd,
  before: number,
  runOnce: boolean,
): void {
  const { run, state } = walk.batch;
  const module = state.modules.get(task.module);
  if (module?.kind === 'action' && module.effect === 'reads') return;
  const elsewhere = task.delegateTo !== undefined || runOnce;
  const wrote = run.fleet.epochOf(host.name) !== before;
  const unseen =
    module?.kind === 'action'
      ? status === 'changed' || (elsewhere && status !== 'skipped')
      : elsewhere && status !== 'ok' && status !== 'skipped';
  const here = () =>
    run.fleet.settings(host.name).connection === 'local' || task.connect?.connection !== undefined;
  const others = walk.hosts.filter((other) => other !== host);
  // Nobody knows which hosts a command reaches.
  if (module?.kind === 'action' && status === 'changed') for (const { name } of others) run.fleet.renew(name);
  if (unseen || (wrote && here())) walk.forgetAhead();
  else if (wrote && module?.kind === 'action') for (const other of others) other.forgetAhead();
}

/** Runs work for all, some at the same time at most; 0: all. */
async function pooled<T>(items: readonly T[], most: number, work: (item: T) => Promise<void>): Promise<void> {
  if (most <= 0 || most >= items.length) return void (await Promise.all(items.map(work)));
  const waiting = [...items];
  const worker = async (): Promise<void> => {
    for (let item = waiting.shift(); item !== undefined; item = waiting.shift()) await work(item);
  };
  await Promise.all(Array.from({ length: most }, worker));
}
