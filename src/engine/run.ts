import { ProjectError, TaskFailure } from '../errors.ts';
import type { Fleet } from '../host/fleet.ts';
import type { Inventory } from '../inventory/contract.ts';
import type { Context, Module } from '../modules/contract.ts';
import type { Play, Prompt } from '../playbook/contract.ts';
import { withAnswers } from '../playbook/play-variables.ts';
import { didYouMean } from '../problems.ts';
import { mask } from '../secrets.ts';
import { isTemplate, renderValue } from '../template/render.ts';
import { beforeTurn, whenTracesAreLeft } from '../template/turn.ts';
import { Gathered } from './answers.ts';
import { Batch, type RunState } from './batch.ts';
import { batches, ordered } from './batches.ts';
import { Coming, type Later } from './coming.ts';
import { emptyRecap } from './ends.ts';
import type { Emit, HostRecap, Statistics } from './events.ts';
import { Guards } from './guarded.ts';
import { Jobs } from './jobs.ts';
import { playScope, type RunVariables } from './variables.ts';

export interface Run {
  readonly variables: RunVariables;
  readonly fleet: Fleet;
  loadModule(name: string): Promise<Module>;
  /** Gets every event with the secrets in it masked. */
  readonly emit: Emit;
  /** How many -v. */
  readonly verbosity: number;
  /** How many tasks a host looks at ahead at most; 1 is one task after the other. */
  readonly window?: number;
  /** The hosts of a pattern in the inventory as it is now, limited as the user asked. */
  hostsOf(pattern: string): readonly string[];
  /** Ctrl-C: no further task is begun. */
  readonly signal: AbortSignal;
  /** Gets the counts as they grow, for whoever does not wait for the end. */
  readonly recaps?: Record<string, HostRecap>;
  /** `--force-handlers`: handlers run on hosts that failed too. */
  readonly forceHandlers?: boolean;
  /** `--start-at-task`: a name or pattern of the first task that runs. */
  readonly startAtTask?: string;
  /** `--step`: asked before each task. */
  confirm?(task: string): Promise<'yes' | 'no' | 'continue'>;
  /** Asks a question of vars_prompt. Without it, its default counts. */
  answer?(prompt: Prompt): Promise<unknown>;
  /** Asks the person at the terminal (pause). */
  readonly prompt?: Context['prompt'];
  /** Reads the inventory again (`meta: refresh_inventory`). */
  refreshInventory?(): Promise<Inventory>;
}

export interface RunEnd {
  readonly hosts: Record<string, HostRecap>;
  readonly interrupted: boolean;
  readonly statistics?: Statistics;
}

/**
 * Takes all hosts through all plays. Everything that happens is an event; it never throws for a host's failure.
 * @throws ProjectError for what is wrong with a play itself
 */
export async function runPlaybook(given: Run): Promise<RunEnd> {
  const run: Run = Object.assign(Object.create(given) as Run, {
    emit: ((event) => given.emit(mask(event))) satisfies Emit,
  });
  const jobs = new Jobs(run.emit);
  const gathered = new Gathered();
  const state: RunState = {
    recaps: given.recaps ?? {},
    failed: new Set(),
    lost: new Set(),
    modules: new Map(),
    jobs,
    gathered,
    guards: new Guards(run.fleet),
    coming: new Coming(run),
    wrote: run.fleet.wrote,
    published: new Map(),
    started: run.startAtTask === undefined,
    stopped: false,
    stepping: run.confirm !== undefined,
  };
  // What was asked of this machine before may be another answer now.
  whenTracesAreLeft(() => run.fleet.renewAll());
  const { plays } = run.variables.playbook;
  for (const [index, play] of plays.entries()) {
    if (run.signal.aborted) break;
    if (!(await runPlay(run, state, await prompted(run, play), plays.slice(index + 1)))) break;
  }
  for (const host of await jobs.end(run.signal)) {
    const recap = state.recaps[host];
    if (recap) recap.unknown += 1;
  }
  if (!state.started)
    run.emit({
      event: 'warning',
      message: `no task matches --start-at-task ${run.startAtTask}${meantTask(run, run.startAtTask ?? '')}`,
    });
  const { statistics } = gathered;
  return {
    hosts: state.recaps,
    interrupted: run.signal.aborted,
    ...(statistics === undefined ? {} : { statistics: mask(statistics) }),
  };
}

function meantTask({ variables: { playbook } }: Run, wanted: string): string {
  const tasks = playbook.plays.flatMap((play) => play.tasks.filter(({ module }) => module !== 'meta'));
  const hint = didYouMean(
    wanted,
    tasks.flatMap(({ name, role }) => (role === undefined ? [name] : [name, `${role.name} : ${name}`])),
  );
  return hint === undefined ? '; those of include_tasks and include_role are not looked at' : `; ${hint}`;
}

/** How many batches of a play look at their hosts while the first is at work. */
const batchesAhead = 20;

/** One play on all its hosts. False when the run ends with it. @param next the plays behind it */
async function runPlay(run: Run, state: RunState, play: Play, next: readonly Play[]): Promise<boolean> {
  const all = ordered(hostsOf(run, play), play.order);
  const out = (host: string): boolean => state.failed.has(host) || state.lost.has(host);
  const hosts = all.filter((host) => !out(host));
  run.emit({ event: 'play', name: play.name, hosts });
  for (const host of hosts) state.recaps[host] ??= emptyRecap();
  const taken = batches(serialOf(run, play), all);
  const { coming } = state;
  for (const [index, names] of taken.entries()) {
    if (run.signal.aborted || state.stopped) return false;
    // What an earlier play or batch wrote may be seen from these hosts too.
    if (run.fleet.wrote !== state.wrote) run.fleet.renewAll();
    state.wrote = run.fleet.wrote;
    const before = new Set(names.filter(out));
    const batch = coming.take(play, names) ?? batchOf(state, play, all, names).make(run);
    const rest = taken
      .slice(index + 1, index + 1 + batchesAhead)
      .map((each) => batchOf(state, play, all, each));
    coming.enter(batch, function* () {
      yield* rest;
      yield* laterBatches(run, state, next);
    });
    await Promise.all([batch.go(), index === 0 && coming.look(batch, rest)]);
    if (run.signal.aborted || state.stopped) return false;
    if (batch.playEnded) return true;
    // As Ansible counts: a host that was out before keeps its batch from counting as failed.
    const failed = names.filter((host) => out(host) && !before.has(host)).length;
    if (names.length === 0 || failed < names.length) continue;
    const left = taken
      .slice(index + 1)
      .flat()
      .filter((host) => !out(host));
    if (left.length > 0)
      run.emit({
        event: 'warning',
        message: `stopped: every host of the batch failed; not touched in this play: ${left.join(', ')}`,
      });
    return false;
  }
  return true;
}

function batchOf(state: RunState, play: Play, all: readonly string[], names: readonly string[]): Later {
  const shared = state.published.get(play) ?? { defaults: [], layers: [] };
  state.published.set(play, shared);
  return { play, names, make: (run) => new Batch(run, state, play, shared, all, names) };
}

/** The batches of plays to come, as far as they can be told before their turn. */
function* laterBatches(run: Run, state: RunState, plays: readonly Play[]): Generator<Later> {
  if (!state.started || state.stepping) return;
  const silent: Run = Object.assign(Object.create(run) as Run, { emit: () => {} });
  for (const play of plays) {
    if ((play.prompts ?? []).length > 0 || play.order === 'shuffle') return;
    const all = beforeTurn(() => ordered(hostsOf(silent, play), play.order));
    const serial = beforeTurn(() => serialOf(run, play));
    for (const names of batches(serial, all)) yield batchOf(state, play, all, names);
  }
}

/** @throws ProjectError for a batch size that cannot be told */
function serialOf(run: Run, play: Play): (number | string)[] {
  if (!play.serial.some((size) => isTemplate(String(size)))) return [...play.serial];
  try {
    const sizes = play.serial.flatMap((size) => renderValue(size, playScope(run.variables, play)));
    const wrong = sizes.find((size) => !/^\d+%?$/.test(String(size).trim()));
    if (wrong !== undefined) throw new TaskFailure(`serial: ${JSON.stringify(wrong)} is no number of hosts`);
    return sizes as (number | string)[];
  } catch (error) {
    if (!(error instanceof TaskFailure)) throw error;
    throw new ProjectError([
      { message: `serial: ${error.message}`, place: play.place, severity: 'error', hint: error.hint },
    ]);
  }
}

function hostsOf(run: Run, play: Play): readonly string[] {
  try {
    const pattern = isTemplate(play.hosts)
      ? renderValue(play.hosts, playScope(run.variables, play))
      : play.hosts;
    return run.hostsOf(Array.isArray(pattern) ? pattern.join(',') : String(pattern));
  } catch (error) {
    // A group that no task has made by now matches no host, as in Ansible.
    if (!(error instanceof TaskFailure || error instanceof ProjectError)) throw error;
    run.emit({ event: 'warning', message: `play ${play.name}: its hosts cannot be told: ${error.message}` });
    return [];
  }
}

/** The play with the answers to its vars_prompt. */
async function prompted(run: Run, play: Play): Promise<Play> {
  const values: Record<string, unknown> = {};
  if (run.answer && (play.prompts ?? []).length > 0) run.fleet.renewAll();
  for (const prompt of play.prompts ?? []) {
    if (prompt.name in run.variables.extra.values) continue;
    values[prompt.name] = run.answer ? await run.answer(prompt) : (prompt.default ?? '');
  }
  return Object.keys(values).length === 0 ? play : withAnswers(play, values);
}
