import { mkdirSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import type { HostRecap, RunEvent } from '../engine/events.ts';
import { type Run, type RunEnd, runPlaybook } from '../engine/run.ts';
import type { RunVariables } from '../engine/variables.ts';
import { ExitCode, ProjectError } from '../errors.ts';
import { rollbackText } from '../host/rollback.ts';
import { refreshInventory } from '../inventory/load.ts';
import { selectLimited, selectPresent } from '../inventory/patterns.ts';
import { loadModule } from '../modules/registry.ts';
import type { Prompt } from '../playbook/contract.ts';
import { shownPath } from '../problems.ts';
import { createReporter } from '../reporters/reporter.ts';
import { mask, maskText } from '../secrets.ts';
import { keep } from '../state/files.ts';
import { terminal } from './ask.ts';
import { configured } from './configured.ts';
import { withUsers } from './defaults.ts';
import { openFleet, runVariables } from './fleet.ts';
import { keptFacts } from './kept-facts.ts';
import { listsText } from './lists.ts';
import type { RunOptions } from './options.ts';
import type { Profiling } from './profile.ts';
import { loadProject, type Project } from './project.ts';
import { answerTo, asksQuestions, stepTo, unanswerable } from './questions.ts';
import { warningTexts } from './warnings.ts';

/** Seconds that what is under way has to end after Ctrl-C. */
const patienceAfterInterrupt = 5;
/** Seconds in which those who wait for it then learn that it was let go of. */
const patienceAtTheEnd = 1;

/**
 * Brings the hosts to what the playbook says, or with `check` says what that would change.
 * @throws ProjectError before any host is contacted
 */
export async function provision(given: RunOptions): Promise<ExitCode> {
  const options = configured(given);
  const began = performance.now();
  const seconds = () => (performance.now() - began) / 1000;
  const project = await loadProject(listed(options)).catch((error: unknown) => {
    if (error instanceof ProjectError && options.output === 'json') tellMistakes(error, options, seconds());
    throw error;
  });
  if (options.lists) {
    const hostsOf = hostsOfRun(runVariables(project, true), options.limit);
    process.stdout.write(listsText(project, options.lists, hostsOf));
    return ExitCode.done;
  }
  const ask = terminal();
  const refusal = unanswerable(project.playbook, options.step === true, ask);
  if (refusal) throw refusal;
  const asks = ask !== undefined && asksQuestions(project.playbook, options.step === true);
  const output = options.output ?? (asks ? 'plain' : undefined);
  const reporter = createReporter({ ...options, ...(output && { output }), stream: process.stdout });
  const emit = (event: RunEvent): void => reporter.emit(event);
  const variables = variablesOf(project, options);
  const facts = await keptFacts(variables, {
    flush: options.flushCache === true,
    all: options.configuration.factCaching === true,
  });
  emit(startOf(project, variables, options));
  // The engine masks its events; these are the only others with text of the project in them.
  for (const message of warningTexts(project.warnings))
    emit({ event: 'warning', message: maskText(message) });
  const profiling = await profilingOf(options);
  const asking = {
    answer: (prompt: Prompt) => answerTo(prompt, ask),
    ...(ask && { prompt: ask }),
    ...(ask && options.step && { confirm: (task: string) => stepTo(task, ask) }),
  };
  const end = await carryOut(variables, options, emit, asking, profiling).catch(async (error: unknown) => {
    await reporter.close();
    await profiling?.tell();
    throw error;
  });
  if (!options.check) await facts.keep();
  const { hosts } = end;
  emit({
    event: 'recap',
    hosts,
    seconds: seconds(),
    ...(end.statistics && { statistics: end.statistics }),
    ...(options.signal.aborted && { interrupted: true }),
  });
  await reporter.close();
  await profiling?.tell();
  await tellRetry(hosts, options);
  return options.signal.aborted ? ExitCode.interrupted : exitCode(hosts, options);
}

/** What `--profile` asks for. */
export async function profilingOf({
  profile,
  output,
}: Pick<RunOptions, 'profile' | 'output'>): Promise<Profiling | undefined> {
  if (profile === undefined) return undefined;
  const { profiling } = await import('./profile.ts');
  // What reads the events of a run as JSON finds nothing else among them.
  return profiling(profile, output === 'json' ? process.stderr : process.stdout);
}

/** As Ansible lists them: without --tags also those that run only when they are asked for. */
function listed(options: RunOptions): RunOptions {
  return options.lists && options.tags.length === 0 ? { ...options, tags: ['all', 'never'] } : options;
}

/** The variables of a run, with what the command line says of users worked in. */
function variablesOf(project: Project, options: RunOptions): RunVariables {
  const { diff, verbosity, forks, limit, tags, skipTags } = options;
  const said = {
    diff,
    verbosity,
    tags,
    skipTags,
    ...(forks && { forks }),
    ...(limit !== undefined && { limit }),
    ...(project.configuration.file !== undefined && { configFile: project.configuration.file }),
  };
  return runVariables({ ...project, playbook: withUsers(project.playbook, options) }, options.check, said);
}

/** Runs plays to their end, or until a while after Ctrl-C, with what is known of the hosts then. */
export async function carryOut(
  variables: RunVariables,
  options: RunOptions,
  emit: (event: RunEvent) => void,
  asking: Pick<Run, 'answer' | 'prompt' | 'confirm'> = {},
  profiling?: Profiling,
): Promise<RunEnd> {
  if (!options.check) mkdirSync(variables.inventory.stateDirectory, { recursive: true, mode: 0o700 });
  const fleet = openFleet(variables, {
    forks: options.forks ?? 50,
    readOnly: options.check,
    login: options,
    output: (host, line) => emit({ event: 'output', host, line }),
    waiting: (host, owner) => {
      emit({ event: 'output', host, line: `waits for another run: ${owner}` });
      emit({ event: 'warning', host, message: `another run is at work here: ${owner}` });
    },
    rolledBack: (host, record) => emit({ event: 'warning', host, message: maskText(rollbackText(record)) }),
    ...(options.verbosity >= 3
      ? { trace: (host: string, text: string) => void process.stderr.write(`${host}> ${text}\n`) }
      : {}),
    ...(profiling && { meter: profiling.meter }),
  });
  const interrupted = abortion(options.signal);
  const recaps: Record<string, HostRecap> = {};
  const run = runPlaybook({
    variables,
    fleet,
    loadModule,
    emit: profiling?.seen(emit) ?? emit,
    verbosity: options.verbosity,
    hostsOf: hostsOfRun(variables, options.limit),
    signal: options.signal,
    recaps,
    refreshInventory: async () => refreshInventory(variables.inventory),
    ...(options.forceHandlers && { forceHandlers: true }),
    ...(options.startAtTask !== undefined && { startAtTask: options.startAtTask }),
    ...asking,
  });
  let end: RunEnd | undefined;
  try {
    end = await Promise.race([run, interrupted.then(() => undefined)]);
  } finally {
    if (end) await fleet.close();
    else
      await Promise.race([
        Promise.allSettled([fleet.abort(), run]),
        sleep(patienceAtTheEnd * 1000, undefined, { ref: options.signal.aborted }),
      ]);
    interrupted.cancel();
  }
  return end ?? { hosts: recaps, interrupted: true };
}

/** The hosts of a pattern, in the inventory as it is when asked, that --limit leaves. */
function hostsOfRun(variables: RunVariables, limit: string | undefined): (pattern: string) => string[] {
  return (pattern) => {
    const hosts = selectPresent(pattern, variables.inventory);
    if (limit === undefined) return hosts;
    const left = new Set(selectLimited(limit, variables.inventory));
    return hosts.filter((host) => left.has(host));
  };
}

function startOf(
  project: Project,
  variables: RunVariables,
  { limit, check }: RunOptions,
): Extract<RunEvent, { event: 'start' }> {
  const hostsOf = hostsOfRun(variables, limit);
  // A pattern with templates in it is known when its play begins.
  const known = project.playbook.plays.filter((play) => !play.hosts.includes('{{'));
  const named = new Set(known.flatMap((play) => hostsOf(play.hosts)));
  return {
    event: 'start',
    playbook: shownPath(project.playbook.file),
    inventory: shownPath(project.inventory.file),
    hosts: [...variables.hosts.keys()].filter((host) => named.has(host)),
    mode: check ? 'check' : 'apply',
    at: new Date().toISOString(),
  };
}

function tellMistakes(error: ProjectError, options: RunOptions, seconds: number): void {
  const reporter = createReporter({ ...options, stream: process.stdout });
  for (const { severity, message, place, hint } of error.problems)
    reporter.emit(
      mask({ event: 'mistake' as const, severity, message, ...(place && { place }), ...(hint && { hint }) }),
    );
  reporter.emit({ event: 'recap', hosts: {}, seconds });
}

/** How to go on with the hosts that failed, and their names in a file when that was asked for. */
async function tellRetry(hosts: Record<string, HostRecap>, options: RunOptions): Promise<void> {
  const failed = Object.keys(hosts).filter((name) => {
    const recap = hosts[name] as HostRecap;
    return recap.failed + recap.unreachable + recap.unknown > 0;
  });
  if (failed.length === 0) return;
  if (options.retryFile !== undefined)
    await keep(options.retryFile, `${failed.join('\n')}\n`, { mode: 0o644 });
  if (options.output === 'json' || failed.length === Object.keys(hosts).length) return;
  const limit = options.retryFile === undefined ? failed.join(',') : `@${options.retryFile}`;
  process.stderr.write(`to try them again: --limit ${limit}\n`);
}

/** Resolves some seconds after an abort, unless cancelled. */
function abortion(signal: AbortSignal): Promise<void> & { cancel(): void } {
  let timer: NodeJS.Timeout | undefined;
  let begin = (): void => {};
  const promise = new Promise<void>((resolve) => {
    begin = () => {
      timer = setTimeout(resolve, patienceAfterInterrupt * 1000);
    };
    signal.addEventListener('abort', begin, { once: true });
  });
  return Object.assign(promise, {
    cancel: () => {
      signal.removeEventListener('abort', begin);
      clearTimeout(timer);
    },
  });
}

/** How a run on these hosts ends the process. */
export function exitCode(
  hosts: Readonly<Record<string, HostRecap>>,
  options: Pick<RunOptions, 'exitOnChanges'>,
): ExitCode {
  const recaps = Object.values(hosts);
  if (recaps.some((host) => host.unreachable + host.unknown > 0)) return ExitCode.unreachable;
  if (recaps.some((host) => host.failed > 0)) return ExitCode.failed;
  if (options.exitOnChanges && recaps.some((host) => host.changed > 0)) return ExitCode.changes;
  return ExitCode.done;
}
