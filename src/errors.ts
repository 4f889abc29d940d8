/** Where something stands in a file. Lines and columns count from 1, as editors show them. */
export interface Place {
  readonly file: string;
  readonly line: number;
  readonly column: number;
}

/** One mistake in the project's files, with everything that helps to mend it. */
export interface Problem {
  readonly message: string;
  readonly place?: Place | undefined;
  /** What to do about it, most often "did you mean ...?". */
  readonly hint?: string | undefined;
  /** An error stops the run before any host is contacted; a warning does not. */
  readonly severity: 'error' | 'warning';
  /** It speaks of something that Ansible has and foobar has not. */
  readonly unsupported?: true;
}

/** How the process ends; the numbers are documented in the README and never change. */
export const ExitCode = {
  done: 0,
  failed: 1,
  changes: 2,
  project: 3,
  unreachable: 4,
  interrupted: 130,
} as const;
export type ExitCode = (typeof ExitCode)[keyof typeof ExitCode];

/** The project is wrong: found offline, all mistakes at once, no host contacted. */
export class ProjectError extends Error {
  override readonly name = 'ProjectError';
  readonly problems: readonly Problem[];

  constructor(problems: readonly Problem[]) {
    super(problems.map((problem) => problem.message).join('\n'));
    this.problems = problems;
  }
}

/**
 * A host could not be reached, or not trusted, or was lost on the way.
 * `lost` and `interrupted` (by Ctrl-C) mean that the outcome of what was under way is unknown; it is never success.
 */
export class TransportError extends Error {
  override readonly name = 'TransportError';
  readonly host: string;
  readonly kind: 'unreachable' | 'host-key' | 'authentication' | 'sudo' | 'lost' | 'interrupted';
  readonly hint: string | undefined;

  constructor(host: string, kind: TransportError['kind'], message: string, hint?: string) {
    super(message);
    this.host = host;
    this.kind = kind;
    this.hint = hint;
  }
}

/** A command on a host ended with an exit code that its caller did not expect. */
export class CommandError extends Error {
  override readonly name = 'CommandError';
  readonly command: string;
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;

  constructor(command: string, code: number, stdout: string, stderr: string) {
    const said = lastLines(stderr || stdout, 5);
    super(`${firstLine(command)}: exit code ${code}${said ? `\n${said}` : ''}`);
    this.command = command;
    this.code = code;
    this.stdout = stdout;
    this.stderr = stderr;
  }
}

/** A task refuses or fails for a reason that it can put into words for the person at the terminal. */
export class TaskFailure extends Error {
  override readonly name = 'TaskFailure';
  readonly hint: string | undefined;
  /** What the task's result holds besides. */
  readonly values: Readonly<Record<string, unknown>>;

  constructor(message: string, hint?: string, values: Readonly<Record<string, unknown>> = {}) {
    super(message);
    this.hint = hint;
    this.values = values;
  }
}

/**
 * What is asked about does not exist yet (the unit of a package that is not installed).
 * In check mode after earlier planned changes this means "cannot be known yet"; otherwise it is a failure.
 */
export class NotYet extends TaskFailure {}

function firstLine(text: string): string {
  const line = text.trim().split('\n', 1)[0] ?? '';
  return line.length > 120 ? `${line.slice(0, 117)}...` : line;
}

function lastLines(text: string, count: number): string {
  return text.trim().split('\n').slice(-count).join('\n');
}
