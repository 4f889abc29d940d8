import { existsSync, lstatSync, readFileSync, statSync } from 'node:fs';
import { isAbsolute } from 'node:path';
import { TaskFailure } from '../errors.ts';
import { isEncrypted } from '../vault/format.ts';
import { wasVaulted } from '../vault/remember.ts';
import { type Filters, filter, isUndefined, variadic } from './environment.ts';
import { filters } from './filters/index.ts';
import { comparisonOperators } from './operators.ts';
import { contains, type Dict, isDict, isTrue, iterate, text } from './python.ts';
import { expression } from './regex.ts';
import { compareVersions } from './version.ts';
import { saysNo, saysYes } from './words.ts';

const plain = (test: (value: never) => boolean) => filter([], test as (value: unknown) => boolean);
const isNumber = (value: unknown): value is number => typeof value === 'number';
const result = (test: (value: Dict) => boolean) =>
  filter([], (value) => {
    if (!isDict(value)) throw new TaskFailure('this test needs a registered result');
    return test(value);
  });
const compared = (operator: string) =>
  filter(['other'], (value, [other]) => comparisonOperators[operator]!(value, other));
const matching = (where: 'start' | 'any' | 'whole') =>
  filter(['pattern', 'ignorecase', 'multiline'], (value, [pattern, ignorecase, multiline]) => {
    const flags = { ignorecase: isTrue(ignorecase ?? false), multiline: isTrue(multiline ?? false) };
    const wrapped = where === 'start' ? `^(?:${pattern})` : where === 'whole' ? `^(?:${pattern})$` : pattern;
    return expression(text(wrapped), flags).test(text(value));
  });
const failed = (value: Dict) => isTrue(value.failed ?? false);
const onDisk = (test: (path: string) => boolean) =>
  filter([], (value) => existsSync(text(value)) && test(text(value)));
const version = filter(['version', 'operator', 'strict', 'version_type'], (value, [other, operator = '==']) =>
  compareVersions(text(value), text(other), text(operator)),
);
const subset = filter(['other'], (value, [other]) =>
  iterate(value).every((each) => contains(iterate(other), each)),
);
const superset = filter(['other'], (value, [other]) =>
  iterate(other).every((each) => contains(iterate(value), each)),
);

/** Jinja2's and Ansible's tests. */
export const tests: Filters = {
  defined: { parameters: [], lenient: true, apply: (value) => !isUndefined(value) },
  undefined: { parameters: [], lenient: true, apply: (value) => isUndefined(value) },
  none: plain((value) => value === null),
  boolean: plain((value) => typeof value === 'boolean'),
  true: plain((value) => value === true),
  false: plain((value) => value === false),
  integer: plain((value) => Number.isInteger(value)),
  float: plain((value) => isNumber(value) && !Number.isInteger(value)),
  number: plain((value) => typeof value === 'number' || typeof value === 'boolean'),
  string: plain((value) => typeof value === 'string'),
  mapping: plain((value) => isDict(value)),
  iterable: plain((value) => typeof value === 'string' || Array.isArray(value) || isDict(value)),
  sequence: plain((value) => typeof value === 'string' || Array.isArray(value) || isDict(value)),
  even: plain((value) => Number(value) % 2 === 0),
  odd: plain((value) => Math.abs(Number(value) % 2) === 1),
  divisibleby: filter(['num'], (value, [divisor]) => Number(value) % Number(divisor) === 0),
  lower: plain((value) => text(value) === text(value).toLowerCase()),
  upper: plain((value) => text(value) === text(value).toUpperCase()),
  in: filter(['seq'], (value, [container]) => contains(container, value)),
  contains: filter(['value'], (value, [item]) => contains(value, item)),
  eq: compared('=='),
  equalto: compared('=='),
  ne: compared('!='),
  lt: compared('<'),
  lessthan: compared('<'),
  le: compared('<='),
  gt: compared('>'),
  greaterthan: compared('>'),
  ge: compared('>='),
  sameas: filter(['other'], (value, [other]) => value === other),
  filter: filter([], (value) => Object.hasOwn(filters, text(value))),
  test: filter([], (value) => Object.hasOwn(tests, text(value))),
  nan: plain((value) => Number.isNaN(value)),
  match: matching('start'),
  search: matching('any'),
  regex: filter(['pattern', 'ignorecase', 'multiline', 'match_type'], (value, args, call) => {
    const kind = args[3] ?? 'search';
    const test = kind === 'match' ? 'start' : kind === 'fullmatch' ? 'whole' : 'any';
    return matching(test).apply(value, args.slice(0, 3), call);
  }),
  version,
  version_compare: version,
  subset,
  issubset: subset,
  superset,
  issuperset: superset,
  any: plain((value) => iterate(value).some(isTrue)),
  all: plain((value) => iterate(value).every(isTrue)),
  truthy: filter(['convert_bool'], (value, [convert]) => (convert ? saysYes(value) : isTrue(value))),
  falsy: filter(['convert_bool'], (value, [convert]) => (convert ? saysNo(value) : !isTrue(value))),
  succeeded: result((value) => !failed(value)),
  success: result((value) => !failed(value)),
  successful: result((value) => !failed(value)),
  failed: result(failed),
  failure: result(failed),
  changed: result((value) =>
    'changed' in value
      ? isTrue(value.changed)
      : Array.isArray(value.results) && value.results.some((each) => isDict(each) && isTrue(each.changed)),
  ),
  change: result((value) => isTrue(value.changed ?? false)),
  skipped: result((value) => isTrue(value.skipped ?? false)),
  skip: result((value) => isTrue(value.skipped ?? false)),
  finished: result((value) => isTrue(value.finished ?? true)),
  started: result((value) => isTrue(value.started ?? true)),
  reachable: result((value) => !isTrue(value.unreachable ?? false)),
  unreachable: result((value) => isTrue(value.unreachable ?? false)),
  timedout: result((value) => isTrue(value.timedout ?? false)),
  exists: filter([], (value) => existsSync(text(value))),
  file: onDisk((path) => statSync(path).isFile()),
  directory: onDisk((path) => statSync(path).isDirectory()),
  link: onDisk((path) => lstatSync(path).isSymbolicLink()),
  abs: plain((value) => isAbsolute(text(value))),
  same_file: filter(['path'], (value, [path]) => {
    const [left, right] = [statSync(text(value)), statSync(text(path))];
    return left.ino === right.ino && left.dev === right.dev;
  }),
  vault_encrypted: plain((value) => typeof value === 'string' && wasVaulted(value)),
  vaulted_file: filter([], (value) => {
    try {
      return isEncrypted(readFileSync(text(value)));
    } catch (error) {
      throw new TaskFailure(`cannot read ${value}: ${(error as Error).message}`);
    }
  }),
  callable: variadic((value) => typeof value === 'function'),
  escaped: plain(() => false),
  uri: plain((value) => URL.canParse(text(value))),
  url: plain((value) => URL.canParse(text(value)) && text(value).includes('://')),
  '==': compared('=='),
  '!=': compared('!='),
};
