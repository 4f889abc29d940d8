const range = /\[(?:(\d+):(\d+)|([a-z]):([a-z])|([A-Z]):([A-Z]))(?::(\d+))?\]/;

/**
 * The names that Ansible's host ranges stand for: `web[01:03]` is web01, web02, web03; `db-[a:c]`; `[1:9:2]` steps.
 * Undefined when brackets are there that are no range.
 */
export function expandRange(name: string): string[] | undefined {
  const found = range.exec(name);
  if (found === null) return /[[\]]/.test(name) ? undefined : [name];
  const before = name.slice(0, found.index);
  const rest = expandRange(name.slice(found.index + found[0].length));
  const values = found[1] !== undefined ? numbers(found) : letters(found);
  if (rest === undefined || values === undefined) return undefined;
  return values.flatMap((value) => rest.map((tail) => before + value + tail));
}

function numbers(found: RegExpExecArray): string[] | undefined {
  const from = found[1] as string;
  const to = found[2] as string;
  const width = from.startsWith('0') && from.length > 1 ? from.length : 0;
  if (width > 0 && to.length !== width) return undefined;
  return steps(Number(from), Number(to), found[7])?.map((value) => String(value).padStart(width, '0'));
}

function letters(found: RegExpExecArray): string[] | undefined {
  const from = (found[3] ?? found[5]) as string;
  const to = (found[4] ?? found[6]) as string;
  return steps(from.charCodeAt(0), to.charCodeAt(0), found[7])?.map((code) => String.fromCharCode(code));
}

function steps(from: number, to: number, step = '1'): number[] | undefined {
  const by = Number(step);
  if (by < 1 || to < from || (to - from) / by > 100_000) return undefined;
  return Array.from({ length: Math.floor((to - from) / by) + 1 }, (_, index) => from + index * by);
}
