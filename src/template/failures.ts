import { type Place, TaskFailure } from '../errors.ts';

/** The value exists only after an earlier task has run: the engine treats the task as a barrier. */
export class NotKnownYet extends Error {
  readonly variable: string;

  constructor(variable: string) {
    super(`'${variable}' is not known yet`);
    this.variable = variable;
  }
}

/** Stands in a layer for a value that an earlier task will register. Touching it throws NotKnownYet. */
export class Pending {
  readonly variable: string;

  constructor(variable: string) {
    this.variable = variable;
  }
}

/** A variable, or an attribute of one, that nothing defines, used without `default()` or `is defined`. */
export class UndefinedVariable extends TaskFailure {
  readonly variable: string;

  constructor(variable: string, message: string, hint?: string) {
    super(message, hint);
    this.variable = variable;
  }
}

/** A template that is no Jinja: where, and what was expected there. Lines and columns are those of its text. */
export class TemplateSyntaxError extends TaskFailure {
  readonly line: number;
  readonly column: number;
  readonly reason: string;

  constructor(reason: string, at: { line: number; column: number }, place?: Place) {
    super(`template error${place ? ` in ${place.file}` : ''}, line ${at.line}: ${reason}`);
    this.reason = reason;
    this.line = at.line;
    this.column = at.column;
  }
}
