import type { LiveHost, Question } from '../host/live-host.ts';
import { kindOf } from '../host/queries/kind.ts';
import { all, type Command } from '../host/sh.ts';
import { stillSo, Train } from '../host/train.ts';
import type { Change, StateModule } from '../modules/contract.ts';
import type { Play, Task } from '../playbook/contract.ts';
import { askItem, isFresh, type PreparedItem, type PrepareRun } from './prepare.ts';

/** Of a task that was done before its turn, or found settled, since it travelled with changes before it. */
export interface Ahead {
  readonly before: unknown;
  /**
   * Whether it came to that; else it is prepared anew in its turn, and so is all that travelled behind it. Undefined when
   * the connection was lost before that was known.
   */
  readonly made: Promise<boolean | undefined>;
  /** How the change ended; undefined where nothing differed. */
  readonly fixing: Promise<void> | undefined;
  /** Whether the change behind was begun: then this one had been found to be as wanted, on the host itself. */
  followed: Promise<boolean>;
  /** Handlers that were noted with it in the host's journal. */
  readonly noted: readonly string[];
}

// biome-ignore lint/suspicious/noExplicitAny: the registry holds modules of every parameter and state type
type AnyState = StateModule<any, any>;

/** A task, or a round of its loop, with what has been found out for it. */
export interface Candidate {
  readonly module: AnyState;
  readonly item: PreparedItem;
  /** The shell that notes its handlers first; undefined when it cannot. @param taken those noted before it */
  note(
    taken: ReadonlySet<string>,
  ): { readonly keys: readonly string[]; readonly command?: Command } | undefined;
  /** Whether it has to be made alone. */
  alone(changes: readonly Change[]): boolean;
}

/** A change that is about to be made. */
export interface Head {
  readonly module: AnyState;
  readonly item: PreparedItem;
  readonly changes: readonly Change[];
  readonly before: unknown;
}

interface Member extends Candidate {
  readonly before: unknown;
  readonly changes: readonly Change[];
  readonly condition: Command;
  /** Those before it that did not differ. */
  readonly settled: readonly PreparedItem[];
}

/** More would keep the person who waits too long without a line. */
const mostMembers = 64;
const mostBytes = 512 * 1024;

/**
 * Changes that travel behind another without waiting for it. Each is made only if what it was made from, the answers to
 * the questions of its `have`, holds on the host right before it, and the one before it has brought about what it was to.
 */
export class Following {
  readonly #run: PrepareRun;
  readonly #train = new Train();
  readonly #members: readonly Member[];
  readonly #sent: Member[] = [];
  /** Whether the first of them was begun. */
  followed: Promise<boolean> = Promise.resolve(false);

  constructor(run: PrepareRun, members: readonly Member[]) {
    this.#run = run;
    this.#members = members;
  }

  /** The host for the change that goes first. */
  lead(host: LiveHost): LiveHost {
    return this.#train.lead(host);
  }

  /** To be called in the tick in which the first change was sent. How many went. */
  send(): number {
    const taken = new Set<string>();
    let previous: { followed: Promise<boolean> } = this;
    for (const member of this.#members) {
      const { module, item, before, changes, condition, settled } = member;
      const { want, host, context } = item;
      const note = member.note(taken);
      if (!note || !host || !context || this.#train.bytes > mostBytes) break;
      for (const key of note.keys) taken.add(key);
      const { host: coupled, made } = this.#train.couple(host, condition, note.command);
      const fixing = (async () => module.fix(changes, want, before, coupled, context))();
      fixing.catch(() => {});
      previous.followed = made.then((begun) => begun === true);
      const ahead: Ahead = { before, made, fixing, followed: Promise.resolve(false), noted: note.keys };
      item.ahead = ahead;
      for (const other of settled)
        other.ahead = {
          before: other.found?.state,
          made,
          fixing: undefined,
          followed: previous.followed,
          noted: [],
        };
      previous = ahead;
      this.#sent.push(member);
    }
    return this.#sent.length;
  }

  /** Asks for the proofs of all. */
  prove(): void {
    for (const { module, item } of this.#sent) void askItem(this.#run.fleet, module, item);
  }
}

/**
 * Finds out which changes can travel behind one that is about to be made.
 * @param behind what comes after it on this host, in order
 */
export function following(run: PrepareRun, head: Head, behind: Iterable<Candidate>): Following | undefined {
  const { host, want, questions = [] } = head.item;
  let achieved = head.module.achieved?.(head.changes, want, head.before);
  if (!achieved || !host) return undefined;
  const touched = new Set(questions);
  const members: Member[] = [];
  let resting: (Question | undefined)[] = [];
  let settled: PreparedItem[] = [];
  for (const candidate of behind) {
    const { module, item } = candidate;
    const { found, questions: own = [] } = item;
    if (members.length === mostMembers || !found || !item.host?.sharesShell(host)) break;
    if (item.context?.check || !isFresh(run.fleet, module, item)) break;
    // What asks the same as one that changes will most likely find something else then.
    if (own.some((question) => question && touched.has(question) && !isSteady(question))) break;
    const changes = module.diff(item.want, found.state);
    resting.push(...own);
    if (changes.length === 0) {
      settled.push(item);
      continue;
    }
    const still = stillSo(resting);
    if (!still || candidate.alone(changes)) break;
    // Only of what can tell that it was achieved is it known that it is one write.
    const next = module.achieved?.(changes, item.want, found.state);
    if (!next) break;
    members.push({ ...candidate, before: found.state, changes, settled, condition: all([achieved, still]) });
    achieved = next;
    for (const question of own) touched.add(question);
    resting = [];
    settled = [];
  }
  return members.length === 0 ? undefined : new Following(run, members);
}

/** Changes beside it leave the answer as it is. */
function isSteady({ query, known }: Question): boolean {
  if (!known) return false;
  return query.lasts?.(known.answer) === true || (query.name === kindOf.name && known.answer === 'directory');
}

/**
 * Whether changes may travel before and behind the task: nothing but its own success decides on what comes after it,
 * and nothing but what is known decides on it.
 * @param alone it has no other hosts beside it, whose failures count too
 */
export function travels(task: Task, play: Play, alone: boolean): boolean {
  const judged = [task.changedWhen, task.failedWhen, task.until].some((list) => (list ?? []).length > 0);
  const { pause, breakWhen = [] } = task.loopControl;
  const said = [
    ...[task.retries, task.delegateTo, task.timeout, task.throttle, task.async, task.checkMode, pause],
    ...[play.throttle],
    ...(alone ? [] : [play.maxFailPercentage]),
  ].some((keyword) => keyword !== undefined && keyword !== null);
  const fatal = task.anyErrorsFatal ?? play.anyErrorsFatal ?? false;
  return (
    !judged &&
    !said &&
    breakWhen.length === 0 &&
    task.environment.length === 0 &&
    (task.runOnce ?? false) === false &&
    (alone || fatal === false) &&
    (alone || task.notify.every((name) => !name.includes('{{')))
  );
}
