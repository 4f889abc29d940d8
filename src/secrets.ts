/** What every output shows in place of a secret; Ansible users know the word. */
export const masked = '********';

const known = new Set<string>();
/** Short ones, masked as words only. */
const words = new Set<string>();
let longestFirst: readonly string[] | undefined;
let anyWord: RegExp | undefined;

/** Said everywhere: who encrypts a file with such a value in it does not mean that no output may say it. */
const innocent = new Set(
  'absent default disabled enabled false latest localhost none null present restarted root started stopped true yes'.split(
    ' ',
  ),
);

/**
 * Remembers a value that no output may show from now on. Short values would mask innocent text: they are ignored,
 * or with `words` masked from three letters on where they stand as a word of their own.
 */
export function rememberSecret(value: string, options: { readonly words?: boolean } = {}): void {
  for (const part of [value, value.trim()]) {
    if (options.words && innocent.has(part.toLowerCase())) continue;
    if (part.length >= 6) {
      if (known.has(part)) continue;
      known.add(part);
      longestFirst = undefined;
    } else if (options.words && part.length >= 3 && !words.has(part)) {
      words.add(part);
      anyWord = undefined;
    }
  }
}

/** The text with every remembered secret replaced. */
export function maskText(text: string): string {
  // A secret may be part of another one.
  longestFirst ??= [...known].sort((left, right) => right.length - left.length);
  let result = text;
  for (const secret of longestFirst) if (result.includes(secret)) result = result.replaceAll(secret, masked);
  if (words.size === 0) return result;
  anyWord ??= new RegExp(
    `(?<![\\p{L}\\p{N}_])(?:${[...words].map((word) => word.replace(/[.*+?^${}()|[\]\\]/g, '\\$&')).join('|')})(?![\\p{L}\\p{N}_])`,
    'gu',
  );
  return result.replace(anyWord, masked);
}

/**
 * What a file held before, for a comparison with a new text. Where the new text has a secret the old one may have
 * had another, which nobody could remember: then only the lines that stay are shown.
 */
export function maskBefore(before: string, after: string): string {
  if (maskText(after) === after) return before;
  const staying = new Set(after.split('\n'));
  return before
    .split('\n')
    .map((line) => (staying.has(line) || line.trim() === '' ? line : masked))
    .join('\n');
}

/** A copy of a plain value (strings, numbers, arrays, records) in which no remembered secret is left. */
export function mask<T>(value: T): T {
  if (known.size === 0 && words.size === 0) return value;
  if (typeof value === 'string') return maskText(value) as T;
  if (typeof value === 'number')
    // Short numbers are line numbers and counts too.
    return known.has(String(value)) ? (masked as T) : value;
  if (Array.isArray(value)) return value.map((item) => mask(item)) as T;
  if (value !== null && typeof value === 'object' && Object.getPrototypeOf(value) === Object.prototype)
    return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, mask(item)])) as T;
  return value;
}
