import { CommandError, ProjectError, TaskFailure, TransportError } from '../errors.ts';
import type { ActionResult, Change } from '../modules/contract.ts';
import { shownPath } from '../problems.ts';
import { NotKnownYet } from '../template/scope.ts';
import type { TaskStatus } from './events.ts';
import { WrongParameters } from './parameters.ts';

/** What a module answered besides its result. */
export type Answers = Pick<ActionResult, 'facts' | 'variables' | 'included' | 'joins' | 'statistics'>;

/** How one item of a task ended. */
export interface Outcome extends Answers {
  readonly status: TaskStatus;
  readonly changes?: readonly Change[];
  readonly message?: string;
  readonly hint?: string | undefined;
  /** Check mode did not run it, so what it registers is not known. */
  readonly unrun?: boolean;
  /** What `register` gets; Ansible's keys. */
  readonly result: Record<string, unknown>;
}

/** The result of a task that a condition keeps from running. */
export function skippedBy(condition: string | undefined): Outcome {
  const false_condition = condition === undefined ? {} : { false_condition: condition };
  return {
    status: 'skipped',
    message: condition ?? '',
    result: {
      changed: false,
      skipped: true,
      skip_reason: 'Conditional result was False',
      ...false_condition,
    },
  };
}

/** What an error means for the task it happened in. */
export function failure(thrown: unknown, unsure: boolean): Outcome {
  const error = thrown instanceof ProjectError ? mistakes(thrown) : thrown;
  if (error instanceof TransportError)
    return {
      status:
        error.kind === 'lost' ? 'unknown' : error.kind === 'interrupted' ? 'interrupted' : 'unreachable',
      message: error.message,
      hint: error.hint,
      result: { changed: false, unreachable: true, msg: error.message },
    };
  const known = error instanceof TaskFailure || error instanceof CommandError;
  if (unsure && known && !(error instanceof WrongParameters))
    return {
      status: 'unforeseen',
      message: `cannot be known before the changes above are made: ${firstLine(error.message)}`,
      result: { changed: true, skipped: true },
    };
  const message = known || error instanceof NotKnownYet ? error.message : `bug in foobar: ${stackOf(error)}`;
  const values =
    error instanceof CommandError
      ? withLines({ rc: error.code, stdout: error.stdout, stderr: error.stderr })
      : error instanceof TaskFailure
        ? error.values
        : {};
  return {
    status: 'failed',
    message,
    hint: error instanceof TaskFailure ? error.hint : undefined,
    result: { changed: false, failed: true, msg: message, ...values },
  };
}

/** How a shell, or Ansible's command module, says that a program is not there, where a task failed by it. */
export function lackedProgram({ status, result: { rc, msg, stderr } }: Outcome): string | undefined {
  if (status !== 'failed') return undefined;
  if (rc === 127) return String(stderr).trim().split('\n').at(-1);
  return rc === 2 && /^\[Errno 2\]/.test(String(msg)) ? String(msg) : undefined;
}

/** With the lines of what it said, which Ansible adds to the results of all modules. */
export function withLines(values: Readonly<Record<string, unknown>>): Record<string, unknown> {
  const added = ['stdout', 'stderr'].flatMap((name) => {
    const [said, lines] = [values[name], `${name}_lines`];
    return typeof said !== 'string' || lines in values ? [] : [[lines, linesOf(said)] as const];
  });
  return { ...values, ...Object.fromEntries(added) };
}

/** Python's splitlines(). */
function linesOf(text: string): string[] {
  const lines = text.split(/\r\n|[\n\r\v\f]/);
  return lines.at(-1) === '' ? lines.slice(0, -1) : lines;
}

/** Mistakes in the project that only a task found. */
function mistakes({ problems }: ProjectError): TaskFailure {
  const errors = problems.filter(({ severity }) => severity === 'error');
  const lines = errors.map(({ message, place }) =>
    place ? `${shownPath(place.file)}:${place.line}:${place.column}: ${message}` : message,
  );
  return new TaskFailure(lines.join('\n'), errors.find(({ hint }) => hint !== undefined)?.hint);
}

function firstLine(text: string): string {
  return text.split('\n', 1)[0] ?? '';
}

function stackOf(error: unknown): string {
  return error instanceof Error ? (error.stack ?? error.message) : String(error);
}
