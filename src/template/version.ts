import { TaskFailure } from '../errors.ts';

const operators: Readonly<Record<string, (order: number) => boolean>> = {
  '<': (order) => order < 0,
  '<=': (order) => order <= 0,
  '>': (order) => order > 0,
  '>=': (order) => order >= 0,
  '==': (order) => order === 0,
  '!=': (order) => order !== 0,
};
const words: Readonly<Record<string, string>> = {
  lt: '<',
  le: '<=',
  gt: '>',
  ge: '>=',
  eq: '==',
  '=': '==',
  ne: '!=',
  '<>': '!=',
};

/** Ansible's `version` test with its loose order: numbers by size, words by the alphabet. */
export function compareVersions(left: string, right: string, operator: string): boolean {
  const test = operators[words[operator] ?? operator];
  if (!test)
    throw new TaskFailure(`'${operator}' is no comparison of versions`, 'use <, <=, ==, !=, >= or >');
  if (left === '' || right === '') throw new TaskFailure('an empty text is no version');
  return test(order(parts(left), parts(right)));
}

function parts(version: string): (string | number)[] {
  return (version.match(/\d+|[a-z]+/gi) ?? []).map((part) => (/^\d/.test(part) ? Number(part) : part));
}

function order(left: readonly (string | number)[], right: readonly (string | number)[]): number {
  for (let index = 0; index < Math.min(left.length, right.length); index += 1) {
    const [a, b] = [left[index]!, right[index]!];
    if (a === b) continue;
    if (typeof a !== typeof b) return typeof a === 'string' ? -1 : 1;
    return a < b ? -1 : 1;
  }
  return left.length - right.length;
}
