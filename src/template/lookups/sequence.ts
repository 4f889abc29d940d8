import { TaskFailure } from '../../errors.ts';
import { formatPercent } from '../format.ts';
import { type Dict, text } from '../python.ts';
import type { Lookup } from './contract.ts';

/** Ansible's `sequence`: `start=1 end=5 stride=2 format=host%02d`, as text or as named arguments. */
export const sequence: Lookup = (terms, { options }) => {
  const given = terms.length > 0 ? terms.map((term) => ({ ...options, ...fields(text(term)) })) : [options];
  return given.flatMap((each) => {
    const start = whole(each.start ?? 1);
    const stride = whole(each.stride ?? 1);
    const end = each.count === undefined ? whole(each.end) : start + (whole(each.count) - 1) * stride;
    if (stride === 0) throw new TaskFailure("the lookup 'sequence' cannot go by 0");
    const count = Math.max(0, Math.floor((end - start) / stride) + 1);
    return Array.from({ length: count }, (_item, index) => {
      const value = start + index * stride;
      return each.format === undefined ? String(value) : formatPercent(text(each.format), value);
    });
  });
};

/** `5`, `2-8`, `2-8/2`, `4:host%02d`, or key=value. */
function fields(term: string): Dict {
  const short = /^(?:(\w+)-)?(\w+)(?:\/(-?\w+))?(?::(.+))?$/.exec(term.trim());
  if (short && !term.includes('=')) {
    const [, start, end, stride, format] = short;
    return { ...(start && { start }), end, ...(stride && { stride }), ...(format && { format }) };
  }
  return Object.fromEntries(
    term
      .trim()
      .split(/\s+/)
      .map((part) => {
        const at = part.indexOf('=');
        return [part.slice(0, at), part.slice(at + 1)];
      }),
  );
}

function whole(value: unknown): number {
  const number = Number(value);
  if (!Number.isInteger(number))
    throw new TaskFailure("the lookup 'sequence' needs whole numbers and an end");
  return number;
}
