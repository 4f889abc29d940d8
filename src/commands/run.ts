import type { HostRecap, RunEvent } from '../engine/events.ts';
import type { RunVariables } from '../engine/variables.ts';
import { ExitCode, ProjectError } from '../errors.ts';
import { selectHosts } from '../inventory/patterns.ts';
import { type Colors, colors, wantsColor } from '../reporters/colors.ts';
import { type TaskEvent, taskDetails } from '../reporters/wording.ts';
import { mask, maskText } from '../secrets.ts';
import { type Asked, adHocPlaybook, resultName } from './ad-hoc.ts';
import { terminal } from './ask.ts';
import { configured } from './configured.ts';
import { runVariables } from './fleet.ts';
import type { RunOptions } from './options.ts';
import type { Profiling } from './profile.ts';
import { loadInventoryOnly, type Project } from './project.ts';
import { carryOut, exitCode, profilingOf } from './provision.ts';
import { warningTexts } from './warnings.ts';

export interface RunCommand extends Omit<RunOptions, 'output'>, Asked {
  readonly pattern: string;
  readonly output?: 'plain' | 'json';
}

type Result = Readonly<Record<string, unknown>>;

/**
 * One task on the hosts of a pattern, without a playbook: what `ansible` does. A line for each host as it ends.
 * @throws ProjectError before any host is contacted
 */
export async function run(command: RunCommand): Promise<ExitCode> {
  const { output: kind, ...options } = command;
  const say = sayer(kind ?? 'plain', options);
  const profiling = await profilingOf(command);
  const { hosts } = await adHoc(options, say, profiling);
  await profiling?.tell();
  return options.signal.aborted ? ExitCode.interrupted : exitCode(hosts, options);
}

/** Carries it out; `tell` gets each host's end with its result, `warn` what else is to be known. */
export async function adHoc(
  given: Omit<RunCommand, 'output'>,
  { tell, warn, said }: Sayer,
  profiling?: Profiling,
): Promise<{ hosts: Readonly<Record<string, HostRecap>> }> {
  const command = configured(given);
  const project = await loadInventoryOnly(command);
  const { pattern } = command;
  if (selectHosts(pattern, project.inventory).every((host) => !isLeft(project, host))) throw noHosts(command);
  const playbook = await adHocPlaybook(pattern, command, command);
  const { diff, verbosity } = command;
  const variables = runVariables({ ...project, playbook }, command.check, { diff, verbosity });
  for (const message of warningTexts(project.warnings)) warn(message);
  const ended: TaskEvent[] = [];
  const emit = (event: RunEvent): void => {
    // What a host registered is there when its task's event has been told.
    if (event.event === 'task' && ended.push(event) > 0) setImmediate(tellEnded);
    if (event.event === 'warning') warn(`${event.host ? `${event.host}: ` : ''}${event.message}`);
    if (event.event === 'output') said(event.host, event.line);
  };
  const tellEnded = () => {
    for (const event of ended.splice(0)) tell(event, resultOf(variables, event));
  };
  const ask = terminal();
  const end = await carryOut(variables, command, emit, ask ? { prompt: ask } : {}, profiling);
  tellEnded();
  return { hosts: end.hosts };
}

/** The implicit localhost is there without being in the inventory's list of hosts. */
function isLeft({ limited, inventory }: Project, host: string): boolean {
  return limited.has(host) || (host === inventory.localhost?.name && limited.size === inventory.hosts.size);
}

function noHosts({ pattern, limit }: Pick<RunCommand, 'pattern' | 'limit'>): ProjectError {
  const message = `no host is left of ${pattern}${limit === undefined ? '' : ` with --limit ${limit}`}`;
  return new ProjectError([{ message, severity: 'error' }]);
}

function resultOf(variables: RunVariables, { host, message, hint }: TaskEvent): Result {
  const registered = variables.hosts.get(host)?.set[resultName];
  if (registered !== null && typeof registered === 'object') return registered as Result;
  return { ...(message !== undefined && { msg: message }), ...(hint !== undefined && { hint }) };
}

interface Sayer {
  tell(event: TaskEvent, result: Result): void;
  warn(message: string): void;
  said(host: string, line: string): void;
}

function sayer(kind: 'plain' | 'json', { verbosity, diff, check }: Omit<RunCommand, 'output'>): Sayer {
  const paint = colors(kind === 'plain' && wantsColor(process.stdout));
  const line = (text: string) => process.stdout.write(`${maskText(text)}\n`);
  return {
    tell(event, result) {
      if (kind === 'json')
        return void line(JSON.stringify(mask({ host: event.host, status: event.status, ...result })));
      line(
        hostText(
          check && event.status === 'changed' ? { ...event, status: 'unforeseen' } : event,
          mask(result),
          paint,
        ),
      );
      if (diff && event.changes)
        for (const detail of taskDetails({ ...event, status: 'changed' }, { colors: paint, diff }))
          line(detail);
    },
    warn: (message) => void process.stderr.write(maskText(`warning: ${message}\n`)),
    said: (host, text) => {
      if (verbosity > 0) process.stderr.write(maskText(`${host} | ${text}\n`));
    },
  };
}

const words: Record<TaskEvent['status'], string> = {
  ok: 'SUCCESS',
  changed: 'CHANGED',
  skipped: 'SKIPPED',
  failed: 'FAILED!',
  unreachable: 'UNREACHABLE!',
  unknown: 'UNKNOWN!',
  interrupted: 'INTERRUPTED!',
  unforeseen: 'WOULD CHANGE',
};

/** As `ansible -o` writes it, but a command's output of several lines stays as it is. */
function hostText(event: TaskEvent, result: Result, paint: Colors): string {
  const color = {
    ok: paint.green,
    skipped: paint.cyan,
    changed: paint.yellow,
    unforeseen: paint.yellow,
    unknown: paint.red,
    failed: paint.red,
    unreachable: paint.red,
    interrupted: paint.red,
  };
  const { status } = event;
  const painted = color[status](words[status]);
  const head = `${event.host} | ${painted}`;
  if ('rc' in result && ('stdout' in result || 'stderr' in result)) {
    const said = [result.stdout, result.stderr]
      .map(String)
      .filter((text) => text.trim() !== '')
      .join('\n');
    const start = `${head} | rc=${result.rc}`;
    if (said === '') return start;
    return said.includes('\n') ? `${start} >>\n${said.trimEnd()}` : `${start} | ${said}`;
  }
  if (result.skipped === true && status === 'unforeseen') return `${head} | it does not run in check mode`;
  if (event.message !== undefined && status !== 'ok' && status !== 'changed')
    return `${head} | ${event.message}${event.hint ? `\n  ${event.hint}` : ''}`;
  const { failed: _failed, ...shown } = result;
  return `${head} => ${JSON.stringify(shown)}`;
}
