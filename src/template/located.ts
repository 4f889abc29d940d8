import { TaskFailure } from '../errors.ts';
import { shownPath } from '../problems.ts';
import { UndefinedVariable } from './failures.ts';

const done = new WeakSet<Error>();

/** The failure with the file and line of the template in which it arose, which is the innermost one. */
export function located(error: unknown, file: string, line: number): unknown {
  if (!(error instanceof TaskFailure) || done.has(error)) return error;
  const message = `${shownPath(file)}:${line}: ${error.message}`;
  const result =
    error instanceof UndefinedVariable
      ? new UndefinedVariable(error.variable, message, error.hint)
      : new TaskFailure(message, error.hint);
  done.add(result);
  return result;
}
