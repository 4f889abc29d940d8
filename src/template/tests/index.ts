import { TaskFailure } from '../../errors.ts';
import { contains, equals } from '../comparison.ts';
import { entry, type Filters, filter, isUndefined, variadic } from '../environment.ts';
import { filters } from '../filters/index.ts';
import { isFloat, isInt, isNumeric } from '../numbers.ts';
import { binaryOperators, comparisonOperators } from '../operators.ts';
import {
  Blank,
  Callable,
  type Dict,
  defined,
  isDict,
  isTrue,
  isUndefinedVariable,
  iterate,
  Tuple,
  text,
  typeName,
} from '../python.ts';
import { expression } from '../regex.ts';
import { compareVersions } from '../version.ts';
import { saysNo, saysYes } from '../words.ts';
import { addresses } from './addresses.ts';
import { files } from './files.ts';
import { uris } from './uris.ts';
import { vaults } from './vault.ts';

const plain = (test: (value: never) => boolean) => filter([], test as (value: unknown) => boolean);
const result = (name: string, test: (value: Dict) => boolean) =>
  filter([], (value) => {
    if (!isDict(value))
      throw new TaskFailure(
        `the '${name}' test expects a dictionary`,
        'it is asked of what a task registered',
      );
    return test(value);
  });
const compared = (operator: string) =>
  filter(['other!'], (value, [other]) => comparisonOperators[operator]!(value, other));
const matching = (where: 'start' | 'any' | 'whole') =>
  filter(['pattern', 'ignorecase', 'multiline'], (value, [pattern = '', ignorecase, multiline]) =>
    matches(where, value, pattern, ignorecase, multiline),
  );

function matches(
  where: string,
  value: unknown,
  pattern: unknown,
  ignorecase: unknown,
  multiline: unknown,
): boolean {
  const flags = { ignorecase: isTrue(ignorecase ?? false), multiline: isTrue(multiline ?? false) };
  const found = expression(text(pattern), flags);
  if (where === 'any') return found.test(text(value));
  const inline = /^(?:\(\?[aiLmsux]+\))*/.exec(text(pattern))![0];
  const rest = text(pattern).slice(inline.length);
  const anchored = `${inline}\\A(?:${rest})${where === 'whole' ? '\\Z' : ''}`;
  return expression(anchored, flags).test(text(value));
}

const failed = (value: Dict) => isTrue(value.failed ?? false);
const version = filter(
  ['version!', 'operator', 'strict', 'version_type'],
  (value, [other, operator = '==', strict = null, type = null]) => {
    if (strict !== null && type !== null)
      throw new TaskFailure("Cannot specify both 'strict' and 'version_type'");
    if (!isTrue(value) || !isTrue(other)) throw new TaskFailure('an empty text is no version');
    const kind = isTrue(strict) ? 'strict' : type === null ? 'loose' : text(type);
    return compareVersions(text(value), text(other), text(operator), kind);
  },
);

/** Sets hold only what Python can hash. */
function members(value: unknown): unknown[] {
  const items = iterate(value);
  for (const each of items)
    if ((Array.isArray(each) && !(each instanceof Tuple)) || isDict(each))
      throw new TaskFailure(`unhashable type: '${typeName(each)}'`);
  return items;
}

const subset = filter(['other!'], (value, [other]) => {
  const all = members(other);
  return members(value).every((each) => contains(all, each));
});
const superset = filter(['other!'], (value, [other]) => {
  const all = members(value);
  return members(other).every((each) => contains(all, each));
});

/** Whole numbers, and floats as Python's modulo has them. */
function remainder(value: unknown, divisor: number): number {
  return Number(binaryOperators['%']!(value, divisor));
}

const numeric = (value: unknown) => {
  if (typeof value === 'string')
    throw new TaskFailure('not all arguments converted during string formatting');
  return value;
};

const isContainer = (value: unknown) => typeof value === 'string' || Array.isArray(value) || isDict(value);
const words = (value: unknown, convert: unknown) =>
  isTrue(convert ?? false) && saysYes(value)
    ? true
    : isTrue(convert ?? false) && saysNo(value)
      ? false
      : isTrue(value);
const lenient = (test: (value: unknown) => boolean) => ({
  parameters: [],
  lenient: true,
  apply: (value: unknown) =>
    !(value instanceof Blank) && isUndefined(value) && !isUndefinedVariable(value) ? value : test(value),
});

/** Jinja2's and Ansible's tests. */
export const tests: Filters = {
  defined: lenient((value) => !isUndefined(value)),
  undefined: lenient((value) => isUndefined(value)),
  none: plain((value) => value === null),
  boolean: plain((value) => typeof value === 'boolean'),
  true: plain((value) => value === true),
  false: plain((value) => value === false),
  integer: plain((value) => isInt(value) && typeof value !== 'boolean'),
  float: plain(isFloat),
  number: plain(isNumeric),
  string: plain((value) => typeof value === 'string'),
  mapping: plain((value) => isDict(value)),
  iterable: plain(isContainer),
  sequence: plain(isContainer),
  even: plain((value) => remainder(numeric(value), 2) === 0),
  odd: plain((value) => remainder(numeric(value), 2) === 1),
  divisibleby: filter(['num!'], (value, [divisor]) => remainder(numeric(value), divisor) === 0),
  lower: plain((value) => /\p{L}/u.test(text(value)) && text(value) === text(value).toLowerCase()),
  upper: plain((value) => /\p{L}/u.test(text(value)) && text(value) === text(value).toUpperCase()),
  in: filter(['seq!'], (value, [container]) => contains(container, value)),
  contains: filter(['value!'], (value, [item]) => contains(value, item)),
  eq: compared('=='),
  equalto: compared('=='),
  '==': compared('=='),
  ne: compared('!='),
  '!=': compared('!='),
  lt: compared('<'),
  lessthan: compared('<'),
  '<': compared('<'),
  le: compared('<='),
  '<=': compared('<='),
  gt: compared('>'),
  greaterthan: compared('>'),
  '>': compared('>'),
  ge: compared('>='),
  '>=': compared('>='),
  sameas: filter(['other!'], (value, [other]) =>
    typeof value === typeof other && typeof value !== 'object' ? equals(value, other) : value === other,
  ),
  filter: filter([], (value) => entry(filters, text(value)) !== undefined),
  test: filter([], (value) => entry(tests, text(value)) !== undefined),
  nan: plain((value) => Number.isNaN(value)),
  isnan: plain((value) => Number.isNaN(value)),
  match: matching('start'),
  search: matching('any'),
  regex: filter(['pattern', 'ignorecase', 'multiline', 'match_type'], (value, args) => {
    const [pattern = '', ignorecase, multiline, kind = 'search'] = args;
    const where = kind === 'match' ? 'start' : kind === 'fullmatch' ? 'whole' : 'any';
    return matches(where, value, pattern, ignorecase, multiline);
  }),
  version,
  version_compare: version,
  subset,
  issubset: subset,
  superset,
  issuperset: superset,
  any: plain((value) => iterate(value).some(isTrue)),
  all: plain((value) => iterate(value).every(isTrue)),
  truthy: filter(['convert_bool'], (value, [convert]) => words(value, convert)),
  falsy: filter(['convert_bool'], (value, [convert]) => !words(value, convert)),
  succeeded: result('succeeded', (value) => !failed(value)),
  success: result('success', (value) => !failed(value)),
  successful: result('successful', (value) => !failed(value)),
  failed: result('failed', failed),
  failure: result('failure', failed),
  changed: result('changed', changed),
  change: result('change', changed),
  skipped: result('skipped', (value) => isTrue(value.skipped ?? false)),
  skip: result('skip', (value) => isTrue(value.skipped ?? false)),
  finished: result('finished', (value) => isTrue(value.finished ?? true)),
  started: result('started', (value) => isTrue(value.started ?? true)),
  reachable: result('reachable', (value) => !isTrue(value.unreachable ?? false)),
  unreachable: result('unreachable', (value) => isTrue(value.unreachable ?? false)),
  timedout: result('timedout', (value) => isDict(value.timedout) && isTrue(value.timedout.period ?? false)),
  callable: variadic((value) => {
    defined(value);
    return value instanceof Callable;
  }),
  escaped: plain(() => false),
  ...files,
  ...uris,
  ...addresses,
  ...vaults,
};

function changed(value: Dict): boolean {
  if ('changed' in value) return isTrue(value.changed);
  if (!Array.isArray(value.results)) return false;
  if (value.results.length === 0) throw new TaskFailure("'changed' is asked of a loop without results");
  return (
    isDict(value.results[0]) && value.results.some((each) => isDict(each) && isTrue(each.changed ?? false))
  );
}
