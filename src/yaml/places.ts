import type { Place } from '../errors.ts';

/** A text with the starts of its lines, so that an offset becomes line and column only when somebody asks. */
export class Source {
  readonly file: string;
  readonly #starts: number[] = [0];

  constructor(file: string, text: string) {
    this.file = file;
    for (let at = text.indexOf('\n'); at >= 0; at = text.indexOf('\n', at + 1)) this.#starts.push(at + 1);
  }

  place(offset: number): Place {
    let low = 0;
    let high = this.#starts.length - 1;
    while (low < high) {
      const middle = (low + high + 1) >> 1;
      if ((this.#starts[middle] as number) <= offset) low = middle;
      else high = middle - 1;
    }
    return { file: this.file, line: low + 1, column: offset - (this.#starts[low] as number) + 1 };
  }
}

type Spot = { readonly source: Source; readonly offset: number } | Place;
type Key = string | number;

interface Spots {
  readonly own: Spot;
  readonly values: Map<Key, Spot>;
  readonly keys: Map<Key, Spot>;
}

const table = new WeakMap<object, Spots>();

function resolved(spot: Spot | undefined): Place | undefined {
  if (spot === undefined) return undefined;
  return 'source' in spot ? spot.source.place(spot.offset) : spot;
}

/** Where a mapping or list read from a file stands, or the value that it holds under `key`. */
export function placeOf(container: unknown, key?: Key): Place | undefined {
  if (container === null || typeof container !== 'object') return undefined;
  const spots = table.get(container);
  return resolved(key === undefined ? spots?.own : spots?.values.get(key));
}

/** Where the key itself stands; for the item of a list, the item. */
export function keyPlaceOf(container: unknown, key: Key): Place | undefined {
  if (container === null || typeof container !== 'object') return undefined;
  const spots = table.get(container);
  return resolved(spots?.keys.get(key) ?? spots?.values.get(key));
}

/** The place of what lies along a path, or of the nearest container on the way to it. */
export function placeAt(root: unknown, path: readonly PropertyKey[]): Place | undefined {
  let at = root;
  let place = placeOf(root);
  for (const step of path) {
    const key = typeof step === 'symbol' ? String(step) : step;
    const next = placeOf(at, key);
    if (next === undefined) return place;
    place = next;
    at = (at as Record<Key, unknown>)[key];
  }
  return place;
}

export function locate(container: object, own: Spot): Spots {
  const spots: Spots = { own, values: new Map(), keys: new Map() };
  table.set(container, spots);
  return spots;
}

/** Gives `key` of a derived mapping the place that `fromKey` has in `from`. */
export function copyPlace(from: object, fromKey: Key, to: object, key: Key): void {
  const source = table.get(from);
  const target = table.get(to);
  if (source === undefined || target === undefined) return;
  const value = source.values.get(fromKey);
  const name = source.keys.get(fromKey);
  if (value !== undefined) target.values.set(key, value);
  if (name !== undefined) target.keys.set(key, name);
}

/** A new mapping that stands at `place`; its values and keys stand there too unless told otherwise, here or by `copyPlace`. */
export function derived(
  values: Record<string, unknown>,
  place: Place,
  placeOfValue: (key: string) => Place = () => place,
  placeOfKey?: (key: string) => Place,
): Record<string, unknown> {
  const result = { ...values };
  const spots = locate(result, place);
  for (const key of Object.keys(result)) {
    spots.values.set(key, placeOfValue(key));
    if (placeOfKey) spots.keys.set(key, placeOfKey(key));
  }
  return result;
}
