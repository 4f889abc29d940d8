const numeric = String.raw`\[(?:[0-9]+:[0-9]+)(?::[0-9]+)?\]`;
const hexadecimal = String.raw`\[(?:[0-9a-f]+:[0-9a-f]+)(?::[0-9]+)?\]`;
const alphanumeric = String.raw`\[(?:[a-z]:[a-z]|[0-9]+:[0-9]+)(?::[0-9]+)?\]`;
const word = String.raw`[\p{L}\p{N}_]`;
const h = `(?:[0-9a-f]{1,4}|${hexadecimal})`;
const d = `(?:[01]?[0-9]{1,2}|2[0-4][0-9]|25[0-5]|${numeric})`;
const label = `(?:${word}|${alphanumeric})(?:[\\p{L}\\p{N}_-]|${alphanumeric})*(?<![_-])`;

/** Most names are of this kind, which the last pattern below takes: compiling them takes V8 some milliseconds. */
const simple = /^[a-z0-9]+(?:[.-][a-z0-9]+)*$/i;

/** Ansible's patterns of hosts with ranges in them (ansible/parsing/utils/addresses.py). */
const hosts = [
  `(?:${d}\\.){3}${d}`,
  [
    `(?:${h}:){7}${h}`,
    `(?:${h}:){1,6}:`,
    `(?:${h}:)(?::${h}){1,6}`,
    `(?:${h}:){2}(?::${h}){1,5}`,
    `(?:${h}:){3}(?::${h}){1,4}`,
    `(?:${h}:){4}(?::${h}){1,3}`,
    `(?:${h}:){5}(?::${h}){1,2}`,
    `(?:${h}:){6}(?::${h})`,
    `:(?::${h}){1,6}`,
    `${h}?::`,
    `(?:0:){6}(?:${h}\\.){3}${h}`,
    `::(?:ffff:)?(?:${h}\\.){3}${h}`,
    `(?:0:){5}ffff:(?:${h}\\.){3}${h}`,
  ].join('|'),
  `${label}(?:\\.${label})*`,
].map((pattern) => `^(?:${pattern})$`);
let compiled: readonly RegExp[] | undefined;

function isHost(text: string): boolean {
  if (simple.test(text)) return true;
  compiled ??= hosts.map((pattern) => new RegExp(pattern, 'iu'));
  return compiled.some((pattern) => pattern.test(text));
}

const bracketed = /^\[(.+)\]:([0-9]+)$/;
const withPort = /^((?:[^:[\]]|\[[^\]]*\])*):([0-9]+)$/;

/**
 * Splits `host:22`, `[::1]:22`, `web[01:03]:22` as Ansible does. Undefined when it is no network name or address;
 * with `ranges: false` also when ranges are in it.
 */
export function parseAddress(
  text: string,
  options: { readonly ranges: boolean },
): { readonly host: string; readonly port?: number } | undefined {
  let host = text;
  let port: number | undefined;
  for (const pattern of [bracketed, withPort]) {
    const found = pattern.exec(host);
    if (found === null) continue;
    host = found[1] as string;
    port = Number(found[2]);
  }
  if (!isHost(host) || (!options.ranges && host.includes('['))) return undefined;
  return { host, ...(port !== undefined && { port }) };
}
