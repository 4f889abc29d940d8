import { parseAddress } from './address.ts';

const letters = 'abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ';

/** The hosts that a name in an inventory stands for, with the port behind it. Undefined for a range that is none. */
export function expandHosts(
  written: string,
): { readonly names: string[]; readonly port?: number } | undefined {
  const { host, port } = parseAddress(written, { ranges: true }) ?? { host: written };
  const names = expandRange(host);
  return names && { names, ...(port !== undefined && { port }) };
}

/**
 * The names that Ansible's host ranges stand for: `web[01:03]` is web01, web02, web03; `db-[a:c]`; `[1:9:2]` steps.
 * Undefined when brackets are there that are no range.
 */
export function expandRange(name: string): string[] | undefined {
  if (!name.includes('[')) return [name];
  const [head = '', inside, tail, ...more] = name.replace('[', '|').replace(']', '|').split('|');
  if (inside === undefined || tail === undefined || more.length > 0) return undefined;
  const bounds = inside.split(':');
  if (bounds.length !== 2 && bounds.length !== 3) return undefined;
  const values = between(bounds[0] || '0', bounds[1] ?? '', bounds[2] ?? '1');
  const rest = expandRange(tail);
  if (rest === undefined) return undefined;
  return values?.flatMap((value) => rest.map((end) => head + value + end));
}

function between(from: string, to: string, step: string): string[] | undefined {
  const width = from.startsWith('0') && from.length > 1 ? from.length : 0;
  if (width > 0 && to.length !== width) return undefined;
  if (!/^\d+$/.test(step)) return undefined;
  const first = letters.indexOf(from);
  const last = to === '' ? -1 : letters.indexOf(to);
  if (first >= 0 && last >= 0) return steps(first, last, Number(step))?.map((at) => letters[at] as string);
  if (!/^-?\d+$/.test(from) || !/^-?\d+$/.test(to)) return undefined;
  return steps(Number(from), Number(to), Number(step))?.map((value) => String(value).padStart(width, '0'));
}

function steps(from: number, to: number, by: number): number[] | undefined {
  if (by < 1 || to < from || (to - from) / by > 100_000) return undefined;
  return Array.from({ length: Math.floor((to - from) / by) + 1 }, (_, index) => from + index * by);
}
