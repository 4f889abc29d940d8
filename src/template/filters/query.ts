import jmespath from 'jmespath';
import { TaskFailure } from '../../errors.ts';
import { type Filters, filter } from '../environment.ts';
import { isNumeric } from '../numbers.ts';
import { isDict, typeName } from '../python.ts';

/**
 * The value without prototypes, so that a query finds no `toString` and `constructor`. What is undefined stays in its
 * place: it may not be looked at.
 */
function bare(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(bare);
  if (isNumeric(value)) return typeof value === 'boolean' ? value : Number(value);
  if (!isDict(value)) return value;
  const entries = Object.entries(value).map(([key, item]) => [key, bare(item)]);
  return Object.assign(Object.create(null), Object.fromEntries(entries));
}

function plain(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(plain);
  if (value === null || typeof value !== 'object' || Object.getPrototypeOf(value) !== null)
    return value ?? null;
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, plain(item)]));
}

/** JMESPath (jmespath.org). */
export const queries: Filters = {
  json_query: filter(['expr!'], (value, [expression]) => {
    if (typeof expression !== 'string')
      throw new TaskFailure(`json_query needs a text to look for, not ${typeName(expression)}`);
    try {
      return plain(jmespath.search(bare(value), expression));
    } catch (error) {
      if (error instanceof TaskFailure) throw error;
      throw new TaskFailure(`json_query '${expression}': ${(error as Error).message}`, 'see jmespath.org');
    }
  }),
};
