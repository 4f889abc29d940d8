import { TaskFailure } from '../../errors.ts';
import type { Dict } from '../python.ts';

/** A method of one of Python's types. */
export interface Method<T> {
  readonly parameters: readonly string[];
  /** How many arguments it takes at least and at most. */
  readonly least: number;
  readonly most: number;
  apply(self: T, args: readonly unknown[], named: Dict): unknown;
}

export type Methods<T> = Readonly<Record<string, Method<T>>>;

/** A method with these parameters; those with a `!` must be given. */
export function takes<T>(parameters: string, apply: Method<T>['apply']): Method<T> {
  const names = parameters.split(' ').filter(Boolean);
  return {
    parameters: names.map((name) => name.replace('!', '')),
    least: names.filter((name) => name.endsWith('!')).length,
    most: names.length,
    apply,
  };
}

/** A method with any arguments. */
export function takesAny<T>(apply: Method<T>['apply']): Method<T> {
  return { parameters: [], least: 0, most: Number.POSITIVE_INFINITY, apply };
}

/** The arguments in their places. Throws TaskFailure when there are too many, too few, or unknown ones. */
export function arranged<T>(
  name: string,
  method: Method<T>,
  args: readonly unknown[],
  named: Dict,
): unknown[] {
  if (method.most === Number.POSITIVE_INFINITY) return [...args];
  if (args.length > method.most)
    throw new TaskFailure(`${name}() takes at most ${method.most} arguments (${args.length} given)`);
  const bound = [...args];
  for (const [key, value] of Object.entries(named)) {
    const index = method.parameters.indexOf(key);
    if (index < 0) throw new TaskFailure(`${name}() got an unexpected keyword argument '${key}'`);
    bound[index] = value;
  }
  if (Object.keys(bound).length < method.least)
    throw new TaskFailure(`${name}() takes at least ${method.least} arguments (${bound.length} given)`);
  return bound;
}
