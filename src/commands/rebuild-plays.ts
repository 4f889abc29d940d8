import type { RunEvent } from '../engine/events.ts';
import type { RunVariables } from '../engine/variables.ts';
import { ExitCode, TaskFailure } from '../errors.ts';
import type { Play } from '../playbook/contract.ts';
import { selectTasks } from '../playbook/tags.ts';
import type { RunOptions } from './options.ts';
import type { ProjectOptions } from './project.ts';
import { carryOut } from './provision.ts';
import { openSite } from './site.ts';
import type { Teller } from './teller.ts';
import { lookAtSite } from './verify.ts';

/** Plays without the tasks that order certificates. */
export function withoutOrders(plays: readonly Play[]): Play[] {
  return keeping(plays, (module) => module !== 'acme_certificate');
}

/** Plays with only the tasks that say from where accounts of the database may log in. */
export function accountsOnly(plays: readonly Play[]): Play[] {
  const name = 'Accounts of the database';
  return keeping(plays, (module) => module === 'mysql_account').map((play) => ({ ...play, name }));
}

function keeping(plays: readonly Play[], isKept: (module: string) => boolean): Play[] {
  return plays
    .map((play) => ({ ...play, tasks: play.tasks.filter(({ module }) => isKept(module)) }))
    .filter(hasTasks);
}

/** The flushes of handlers between a play's sections are no tasks of anybody. */
function hasTasks({ tasks }: Play): boolean {
  return tasks.some(({ module }) => module !== 'meta');
}

/** Plays up to the last that makes replicas, and those behind it. */
export function splitAtReplicas(plays: readonly Play[]): readonly [readonly Play[], readonly Play[]] {
  const end = plays.findLastIndex((play) => play.tasks.some(({ module }) => module === 'mysql_replica')) + 1;
  return [plays.slice(0, end), plays.slice(end)];
}

/** The plays with only their tasks of these tags. */
export function tagged(plays: readonly Play[], tags: readonly string[]): readonly Play[] {
  return selectTasks({ file: '', plays }, { tags }).plays.filter(hasTasks);
}

/** A play that only asks these hosts for what the other plays want to know of them. */
export function factsOnly(plays: readonly Play[], hosts: readonly string[]): Play[] {
  const asking = plays.find(({ gatherFacts }) => gatherFacts);
  if (!asking || hosts.length === 0) return [];
  const { tags: _tags, ...play } = asking;
  return [{ ...play, name: 'Facts of the other hosts', hosts: hosts.join(','), tasks: [], handlers: [] }];
}

/**
 * Runs plays on some hosts, each play a step of its own.
 * @throws TaskFailure with what failed first
 */
export async function runPlays(
  variables: RunVariables,
  hosts: readonly string[],
  options: Omit<RunOptions, 'output' | 'limit'> & { readonly output?: 'plain' | 'json' },
  tell: Teller,
): Promise<void> {
  // Without a limit these would be plays for every host.
  if (hosts.length === 0) return;
  const failures: string[] = [];
  let end = (): void => undefined;
  const emit = (event: RunEvent): void => {
    if (event.event === 'play') {
      end();
      end = event.hosts.length > 0 ? tell.begin(event.name) : () => undefined;
    }
    if (event.event === 'task' && !event.ignored && !event.rescued) {
      const { host, task, message, hint } = event;
      if (['failed', 'unreachable', 'unknown'].includes(event.status))
        failures.push(
          [`${host}: ${task}: ${message ?? event.status}`, ...(hint ? [`  ${hint}`] : [])].join('\n'),
        );
    }
    if (options.output === 'json') tell.event({ ...event }, '');
    else if (event.event === 'warning')
      tell.say(`warning: ${event.host ? `${event.host}: ` : ''}${event.message}`);
    else if (
      event.event === 'output' &&
      (event.message || options.verbosity > 0 || /^seeding/.test(event.line))
    )
      tell.say(`${event.host}: ${event.line}`);
  };
  await carryOut(variables, { ...options, limit: hosts.join(','), check: false }, emit);
  end();
  if (failures.length > 0)
    throw new TaskFailure(
      failures.join('\n'),
      'Mend it and run the same command again: it goes on from here.',
    );
}

/** Looks at the whole site from outside, and tells what is not as promised. */
export async function verifyAll(options: ProjectOptions, tell: Teller): Promise<ExitCode> {
  const { site, lost, close } = await openSite(options);
  try {
    const findings = await tell.phase('verify the site', () => lookAtSite(site));
    const broken = findings.filter(({ kept }) => !kept);
    for (const finding of broken)
      tell.event(
        { event: 'finding', ...finding },
        `failed  ${finding.part} ${finding.host}: ${finding.promise}\n        ${finding.seen}`,
      );
    const kept = findings.length - broken.length;
    tell.event(
      { event: 'verified', kept, broken: broken.length },
      `     ${kept} of ${findings.length} promises kept`,
    );
    if (lost.size > 0) return ExitCode.unreachable;
    return broken.length === 0 ? ExitCode.done : ExitCode.failed;
  } finally {
    await close();
  }
}
