import { entriesOf } from './keys.ts';
import { compare, isDict, repr, Tuple } from './python.ts';

const width = 80;

/** Python's pprint.pformat: in one line where it fits, else an item a line; dicts sorted. */
export function pprint(value: unknown): string {
  return lines(value, 0, 0);
}

function lines(value: unknown, indent: number, after: number): string {
  const flat = sorted(value);
  if (flat.length <= width - indent - after) return flat;
  if (isDict(value)) {
    const all = entries(value);
    const parts = all.map(([key, item], index) => {
      const name = repr(key);
      const left = indent + 1 + name.length + 2;
      return `${name}: ${lines(item, left, index === all.length - 1 ? after + 1 : 1)}`;
    });
    return `{${parts.join(`,\n${' '.repeat(indent + 1)}`)}}`;
  }
  if (Array.isArray(value) && value.length > 0) {
    const [open, close] = value instanceof Tuple ? '()' : '[]';
    const parts = value.map((item, index) =>
      lines(item, indent + 1, index === value.length - 1 ? after + 1 : 1),
    );
    return `${open}${parts.join(`,\n${' '.repeat(indent + 1)}`)}${close}`;
  }
  return flat;
}

function sorted(value: unknown): string {
  if (isDict(value))
    return `{${entries(value)
      .map(([key, item]) => `${repr(key)}: ${sorted(item)}`)
      .join(', ')}}`;
  if (!Array.isArray(value)) return repr(value);
  const items = value.map(sorted);
  if (!(value instanceof Tuple)) return `[${items.join(', ')}]`;
  return items.length === 1 ? `(${items[0]},)` : `(${items.join(', ')})`;
}

function entries(value: Record<string, unknown>): [unknown, unknown][] {
  const all = entriesOf(value);
  try {
    return [...all].sort(([left], [right]) => compare(left, right));
  } catch {
    return all;
  }
}
