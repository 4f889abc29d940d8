import { TaskFailure } from '../../errors.ts';
import { formatPercent } from '../format.ts';
import { isInt } from '../numbers.ts';
import { type Dict, text } from '../python.ts';
import type { Lookup } from './contract.ts';
import { keyValues } from './key-values.ts';

const fields = ['start', 'end', 'stride', 'count', 'format'];
const shortcut = /^(?:(0?x?[0-9a-f]+)-)?(0?x?[0-9a-f]+)(?:\/(0?x?[0-9a-f]+))?(?::(.+))?$/i;

/** Ansible's `sequence`: `start=1 end=5 stride=2 format=host%02d`, `2-10/2`, `4:host%02d`, or named arguments. */
export const sequence: Lookup = (terms, { options }) => {
  const all = terms.length > 0 ? terms : [''];
  return all.flatMap((term) => generate({ ...options, ...parsed(text(term)) }));
};

function parsed(term: string): Dict {
  const short = shortcut.exec(term);
  if (short) {
    const [, start, end, stride, format] = short;
    return Object.fromEntries(
      Object.entries({ start, end, stride, format }).filter(([, value]) => value !== undefined),
    );
  }
  const { named } = keyValues(term);
  const wrong = Object.keys(named).filter((name) => !fields.includes(name));
  if (wrong.length > 0) throw new TaskFailure(`the lookup 'sequence' has no '${wrong.join("', '")}'`);
  return named;
}

function generate(given: Dict): string[] {
  const { count: amount, end: last } = given;
  const start = whole(given.start ?? 1, 'start');
  const stride = whole(given.stride ?? 1, 'stride');
  if (amount === undefined && last === undefined)
    throw new TaskFailure("the lookup 'sequence' needs an end or a count");
  if (amount !== undefined && last !== undefined)
    throw new TaskFailure("the lookup 'sequence' takes either an end or a count");
  if (amount !== undefined && whole(amount, 'count') === 0) return [];
  const end = amount === undefined ? whole(last, 'end') : start + whole(amount, 'count') * stride - 1;
  if (stride > 0 && end < start)
    throw new TaskFailure("the lookup 'sequence' needs a negative stride to count backwards");
  if (stride < 0 && end > start)
    throw new TaskFailure("the lookup 'sequence' needs a positive stride to count forwards");
  if (stride === 0) return [];
  const format = text(given.format ?? '%d');
  if (format.split('%').length !== 2) throw new TaskFailure(`bad formatting string: ${format}`);
  const values: string[] = [];
  for (let value = start; stride > 0 ? value <= end : value >= end; value += stride)
    values.push(formatPercent(format, value));
  return values;
}

function whole(value: unknown, name: string): number {
  if (isInt(value)) return Number(value);
  if (typeof value === 'string' && /^\s*[+-]?\d+(?:\.0+)?\s*$/.test(value)) return Number(value);
  throw new TaskFailure(`the lookup 'sequence' needs a whole number for ${name}, not '${text(value)}'`);
}
