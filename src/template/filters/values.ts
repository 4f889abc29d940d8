import { TaskFailure } from '../../errors.ts';
import { item, member, missing } from '../attributes.ts';
import { type Filter, type Filters, filter, isUndefined } from '../environment.ts';
import { strptime } from '../methods/dates.ts';
import { isNumeric } from '../numbers.ts';
import { defined, isTrue, isUndefinedVariable, iterate, Tuple, text, typeName } from '../python.ts';
import { inLocalZone, strftime } from '../strftime.ts';

const otherwise: Filter = {
  parameters: ['default_value', 'boolean'],
  lenient: true,
  apply(value, [fallback = '', falsy = false]) {
    if (typeof falsy !== 'boolean')
      throw new TaskFailure(`The 'boolean' argument must be of type 'bool', not '${typeName(falsy)}'.`);
    if (isUndefinedVariable(value)) return fallback;
    return falsy && !isTrue(value) ? fallback : value;
  },
};

const yes: readonly unknown[] = ['yes', 'on', 'true', '1'];
const no: readonly unknown[] = ['no', 'off', 'false', '0'];

/** Ansible's words for true and false; of everything else only 1 is true. */
function toBool(value: unknown): boolean {
  const word =
    typeof value === 'string' ? value.toLowerCase() : isNumeric(value) ? text(value).toLowerCase() : value;
  if (yes.includes(word)) return true;
  return !no.includes(word) && isNumeric(value) && Number(value) === 1;
}

/** Filters for a value of any type. */
export const values: Filters = {
  default: otherwise,
  d: otherwise,
  mandatory: {
    parameters: ['msg'],
    lenient: true,
    apply(value, [message]) {
      if (!isUndefinedVariable(value)) return value;
      const name = value.variable ? `'${value.variable}' ` : '';
      throw new TaskFailure(
        message === undefined || message === null ? `Mandatory variable ${name}not defined.` : text(message),
      );
    },
  },
  bool: filter([], toBool),
  string: filter([], (value) => text(value)),
  list: filter([], (value) => [...iterate(value)]),
  type_debug: { parameters: [], lenient: true, apply: (value) => typeName(value) },
  ternary: {
    parameters: ['true_val', 'false_val', 'none_val'],
    required: 2,
    lenient: true,
    apply(value, [yesValue, noValue, none]) {
      if (isUndefined(value)) return value;
      if (value === null && none !== undefined && none !== null) return none;
      return isTrue(value) ? yesValue : noValue;
    },
  },
  attr: filter(['name!'], (value, [name]) => member(value, text(name)) ?? missing(value, name)),
  extract: filter(['container!', 'morekeys'], (value, [container, more = null]) => {
    const rest = more === null ? [] : Array.isArray(more) && !(more instanceof Tuple) ? more : [more];
    return [value, ...rest].reduce((result: unknown, key) => item(result, key), container);
  }),
  to_datetime: filter(['format'], (value, [format = '%Y-%m-%d %H:%M:%S']) => {
    if (typeof value !== 'string') throw new TaskFailure(`to_datetime needs a text, not ${typeName(value)}`);
    return strptime(value, text(format));
  }),
  strftime: filter(['second', 'utc'], (value, [second = null, utc = false]) => {
    const epoch = second === null ? Date.now() / 1000 : Number(defined(second));
    if (Number.isNaN(epoch)) throw new TaskFailure(`Invalid value for epoch value (${text(second)})`);
    const moment = new Date(Math.floor(epoch) * 1000);
    if (isTrue(utc)) return strftime(text(value), moment, { name: 'UTC', minutes: 0 });
    const { date, zone } = inLocalZone(moment);
    return strftime(text(value), date, zone);
  }),
};
