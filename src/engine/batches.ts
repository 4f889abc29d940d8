import type { Play } from '../playbook/contract.ts';

/** `order`: the hosts of a play in the order in which they are taken. */
export function ordered(hosts: readonly string[], order: Play['order']): string[] {
  const list = [...hosts];
  switch (order) {
    case 'sorted':
      return list.sort();
    case 'reverse_sorted':
      return list.sort().reverse();
    case 'reverse_inventory':
      return list.reverse();
    case 'shuffle':
      return shuffled(list);
    default:
      return list;
  }
}

/** `serial`: numbers or percentages, the last one repeated. */
export function batches(serial: readonly (number | string)[], hosts: readonly string[]): string[][] {
  if (serial.length === 0) return [[...hosts]];
  const result: string[][] = [];
  for (let at = 0, index = 0; at < hosts.length; index++) {
    const given = serial[Math.min(index, serial.length - 1)] ?? hosts.length;
    const percent = typeof given === 'string' && given.trim().endsWith('%');
    const size = percent
      ? Math.floor((Number.parseFloat(given) / 100) * hosts.length) || 1
      : Math.floor(Number(given));
    const step = size > 0 ? size : hosts.length;
    result.push(hosts.slice(at, at + step));
    at += step;
  }
  return result;
}

/** Shell patterns as Python's fnmatch reads them, for `--start-at-task`. */
export function matchesGlob(name: string, glob: string): boolean {
  const pattern = glob
    .replaceAll(/[.+^${}()|\\]/g, '\\$&')
    .replaceAll('*', '[\\s\\S]*')
    .replaceAll('?', '[\\s\\S]')
    .replaceAll('[!', '[^');
  try {
    return name === glob || new RegExp(`^${pattern}$`).test(name);
  } catch {
    return false;
  }
}

function shuffled(list: string[]): string[] {
  for (let last = list.length - 1; last > 0; last--) {
    const other = Math.floor(Math.random() * (last + 1));
    [list[last], list[other]] = [list[other] as string, list[last] as string];
  }
  return list;
}
