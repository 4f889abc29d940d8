import { TaskFailure } from '../../errors.ts';
import { type Filter, type Filters, filter, isUndefined } from '../environment.ts';
import { UndefinedVariable } from '../failures.ts';
import { strftime } from '../methods.ts';
import { item } from '../operators.ts';
import { defined, isTrue, iterate, text, typeName } from '../python.ts';
import { saysYes } from '../words.ts';

const otherwise: Filter = {
  parameters: ['default_value', 'boolean'],
  lenient: true,
  apply: (value, [fallback = '', falsy]) =>
    isUndefined(value) || (falsy && !isTrue(value)) ? fallback : value,
};

/** Filters for a value of any type. */
export const values: Filters = {
  default: otherwise,
  d: otherwise,
  mandatory: {
    parameters: ['msg'],
    lenient: true,
    apply(value, [message]) {
      if (!isUndefined(value)) return value;
      throw new UndefinedVariable(
        value.variable,
        message ? text(message) : `Mandatory variable '${value.variable}' not defined.`,
      );
    },
  },
  bool: filter([], (value) => (value === null ? null : saysYes(value))),
  string: filter([], (value) => text(value)),
  list: filter([], (value) => [...iterate(value)]),
  type_debug: { parameters: [], lenient: true, apply: (value) => typeName(value) },
  ternary: {
    parameters: ['true_val', 'false_val', 'none_val'],
    lenient: true,
    apply(value, [yes, no, none]) {
      if (defined(value) === null && none !== undefined) return none;
      return isTrue(value) ? yes : no;
    },
  },
  attr: filter(['name'], (value, [name]) => item(value, name)),
  extract: filter(['container', 'morekeys'], (value, [container, more = []]) =>
    [value, ...(Array.isArray(more) ? more : [more])].reduce(
      (result: unknown, key) => item(result, key),
      container,
    ),
  ),
  to_datetime: filter(['format'], (value) => {
    const written = text(value).trim().replace(' ', 'T');
    const date = new Date(/[zZ]$|[+-]\d\d:?\d\d$/.test(written) ? written : `${written}Z`);
    if (Number.isNaN(date.getTime()))
      throw new TaskFailure(`'${text(value)}' is no date`, 'write it as 2026-08-01 12:30:00');
    return date;
  }),
  strftime: filter(['second', 'utc'], (value, [second]) =>
    strftime(
      text(value),
      second === undefined || second === null ? new Date() : new Date(Number(second) * 1000),
    ),
  ),
};
