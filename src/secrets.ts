/** What every output shows in place of a secret; Ansible users know the word. */
export const masked = '********';

const known = new Set<string>();

/** Remembers a value that no output may show from now on. Short values would mask innocent text: they are ignored. */
export function rememberSecret(value: string): void {
  for (const part of [value, value.trim()]) if (part.length >= 6) known.add(part);
}

/** The text with every remembered secret replaced. */
export function maskText(text: string): string {
  let result = text;
  for (const secret of known) if (result.includes(secret)) result = result.replaceAll(secret, masked);
  return result;
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

/** A copy of a plain value (strings, arrays, records) in which no remembered secret is left. */
export function mask<T>(value: T): T {
  if (known.size === 0) return value;
  if (typeof value === 'string') return maskText(value) as T;
  if (Array.isArray(value)) return value.map((item) => mask(item)) as T;
  if (value !== null && typeof value === 'object' && Object.getPrototypeOf(value) === Object.prototype)
    return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, mask(item)])) as T;
  return value;
}
