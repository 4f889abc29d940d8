import { type Filters, filter } from '../environment.ts';
import { isTrue, iterate } from '../python.ts';
import { Seen, seen } from '../sets.ts';
import { path } from './collections.ts';

function unique(values: readonly unknown[], key: (value: unknown) => unknown = (same) => same): unknown[] {
  const before = new Seen();
  return values.filter((value) => before.add(key(value)));
}

/** Two lists as sets. Python gives hashable values in the order of their hashes; here they keep the order they have. */
function pair(value: unknown, other: unknown): [unknown[], unknown[]] {
  return [iterate(value), iterate(other)];
}

/** Filters that take lists for sets. */
export const sets: Filters = {
  unique: filter(['case_sensitive', 'attribute'], (value, [caseSensitive = null, attribute = null]) =>
    unique(iterate(value), (each) => {
      const key = attribute === null ? each : path(each, attribute);
      return typeof key === 'string' && !isTrue(caseSensitive) ? key.toLowerCase() : key;
    }),
  ),
  union: filter(['b!'], (value, [other]) => unique([...iterate(value), ...iterate(other)])),
  intersect: filter(['b!'], (value, [other]) => {
    const [left, right] = pair(value, other);
    const all = seen(right);
    return unique(left.filter((each) => all.has(each)));
  }),
  difference: filter(['b!'], (value, [other]) => {
    const [left, right] = pair(value, other);
    const all = seen(right);
    return unique(left.filter((each) => !all.has(each)));
  }),
  symmetric_difference: filter(['b!'], (value, [other]) => {
    const [left, right] = pair(value, other);
    const [inLeft, inRight] = [seen(left), seen(right)];
    return unique([
      ...left.filter((each) => !inRight.has(each)),
      ...right.filter((each) => !inLeft.has(each)),
    ]);
  }),
};
