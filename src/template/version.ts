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

type Order = (left: string, right: string) => number;

const orders: Readonly<Record<string, Order>> = {
  loose: (left, right) => sequence(loose(left), loose(right)),
  strict: (left, right) => sequence(strict(left), strict(right)),
  semver: semantic,
  semantic,
  pep440: (left, right) => sequence(pep440(left), pep440(right)),
};

/** Ansible's `version` test. Throws TaskFailure for a version that is none of its type, or cannot be ordered. */
export function compareVersions(left: string, right: string, operator: string, type: string): boolean {
  const test = operators[words[operator] ?? operator];
  if (!test)
    throw new TaskFailure(`'${operator}' is no comparison of versions`, 'use <, <=, ==, !=, >= or >');
  const order = Object.hasOwn(orders, type) ? orders[type] : undefined;
  if (!order)
    throw new TaskFailure(`'${type}' is no type of versions`, `use ${Object.keys(orders).join(', ')}`);
  return test(order(left, right));
}

type Part = string | number | readonly Part[];

function sequence(left: readonly Part[], right: readonly Part[]): number {
  for (let index = 0; index < Math.min(left.length, right.length); index += 1) {
    const [a, b] = [left[index]!, right[index]!];
    if (typeof a === 'object' && typeof b === 'object') {
      const order = sequence(a, b);
      if (order !== 0) return order;
    } else if (a !== b) {
      if (typeof a !== typeof b)
        throw new TaskFailure(`the versions cannot be compared: '${a}' against '${b}'`);
      return a < b ? -1 : 1;
    }
  }
  return left.length - right.length;
}

/** distutils' LooseVersion: numbers and words in turns, also what stands between them but the dots. */
function loose(version: string): Part[] {
  return version
    .split(/(\d+|[a-z]+|\.)/i)
    .filter((part) => part !== '' && part !== '.')
    .map((part) => (/^\d+$/.test(part) ? Number(part) : part));
}

function strict(version: string): Part[] {
  const found = /^(\d+)\.(\d+)(?:\.(\d+))?(?:([ab])(\d+))?$/.exec(version);
  if (!found) throw new TaskFailure(`invalid version number '${version}'`);
  const [, major, minor, patch = '0', letter, number] = found;
  const numbers = [major, minor, patch].map(Number);
  return [numbers, letter === undefined ? ['z', 0] : [letter, Number(number)]];
}

const semanticPattern =
  /^(0|[1-9]\d*)\.(0|[1-9]\d*)\.(0|[1-9]\d*)(?:-((?:0|[1-9]\d*|\d*[a-zA-Z-][0-9a-zA-Z-]*)(?:\.(?:0|[1-9]\d*|\d*[a-zA-Z-][0-9a-zA-Z-]*))*))?(?:\+([0-9a-zA-Z-]+(?:\.[0-9a-zA-Z-]+)*))?$/;

/** semver.org, 2.0.0. */
function semantic(left: string, right: string): number {
  const [a, b] = [left, right].map((version) => {
    const found = semanticPattern.exec(version);
    if (!found) throw new TaskFailure(`invalid semantic version '${version}'`);
    return { core: found.slice(1, 4).map(Number), pre: found[4]?.split('.') };
  }) as [{ core: number[]; pre?: string[] }, { core: number[]; pre?: string[] }];
  const order = sequence(a.core, b.core);
  if (order !== 0) return order;
  if (!a.pre || !b.pre) return (a.pre ? 0 : 1) - (b.pre ? 0 : 1);
  for (let index = 0; index < Math.min(a.pre.length, b.pre.length); index += 1) {
    const [one, other] = [a.pre[index]!, b.pre[index]!];
    if (one === other) continue;
    const [first, second] = [/^\d+$/.test(one), /^\d+$/.test(other)];
    if (first && second) return Number(one) - Number(other);
    if (first !== second) return first ? -1 : 1;
    return one < other ? -1 : 1;
  }
  return a.pre.length - b.pre.length;
}

const pythonPattern =
  /^\s*v?(?:(\d+)!)?(\d+(?:\.\d+)*)(?:[-_.]?(alpha|a|beta|b|preview|pre|c|rc)[-_.]?(\d*))?(?:-(\d+)|[-_.]?(post|rev|r)[-_.]?(\d*))?(?:[-_.]?(dev)[-_.]?(\d*))?(?:\+([a-z0-9]+(?:[-_.][a-z0-9]+)*))?\s*$/i;

/** PEP 440: a key whose parts compare as the versions do. */
function pep440(version: string): Part[] {
  const found = pythonPattern.exec(version);
  if (!found) throw new TaskFailure(`Invalid version: '${version}'`);
  const [, epoch, release, pre, preNumber, implied, post, postNumber, dev, devNumber, local] = found;
  const numbers = release!.split('.').map(Number);
  while (numbers.length > 1 && numbers.at(-1) === 0) numbers.pop();
  const letter = pre
    ?.toLowerCase()
    .replace(/^alpha$/, 'a')
    .replace(/^beta$/, 'b')
    .replace(/^(?:c|pre|preview)$/, 'rc');
  const isPost = post !== undefined || implied !== undefined;
  const preKey: Part[] = letter
    ? [1, letter, Number(preNumber || 0)]
    : [dev !== undefined && !isPost ? 0 : 2, '', 0];
  const localKey = (local ?? '')
    .split(/[-_.]/)
    .filter(Boolean)
    .map((part): Part[] => (/^\d+$/.test(part) ? [1, Number(part), ''] : [0, 0, part.toLowerCase()]));
  return [
    Number(epoch ?? 0),
    numbers,
    preKey,
    isPost ? Number(implied ?? (postNumber || 0)) + 1 : 0,
    dev === undefined ? [1, 0] : [0, Number(devNumber || 0)],
    localKey,
  ];
}
