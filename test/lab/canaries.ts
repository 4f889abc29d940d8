import { randomBytes } from 'node:crypto';
import { mkdirSync, writeFileSync } from 'node:fs';
import { homedir, tmpdir } from 'node:os';
import { dirname } from 'node:path';
import { $ } from 'zx';
import { seal } from '../../src/vault/cipher.ts';
import { type Lab, testFolder } from './support.ts';

/** Secrets that occur nowhere else, all with the same beginning, and since when there are any. */
export interface Canaries {
  /** By the variable that they are the secret of. */
  readonly values: Readonly<Record<string, string>>;
  readonly beginning: string;
  readonly born: Date;
}

/** 31 characters each: a replica's password has at most 32 (MySQL, CHANGE REPLICATION SOURCE TO). */
export function hatch(variables: readonly string[]): Canaries {
  const beginning = `Canary${randomBytes(4).toString('hex')}x`;
  const values = variables.map((name) => [name, beginning + randomBytes(8).toString('hex')]);
  return { values: Object.fromEntries(values), beginning, born: new Date(Date.now() - 1000) };
}

/** Writes some of them as variables that a vault's password opens. */
export function sealInto(
  file: string,
  { values }: Canaries,
  variables: readonly string[],
  password: string,
): void {
  const entries = variables.map((name) => {
    const text = seal(Buffer.from(values[name] ?? ''), Buffer.from(password));
    return `${name}: !vault |\n${text.trim().replace(/^/gm, '  ')}\n`;
  });
  writeFileSync(file, entries.join(''));
}

/** Writes one as the only line of a file for its owner. */
export function keep(file: string, value: string): void {
  mkdirSync(dirname(file), { recursive: true, mode: 0o700 });
  writeFileSync(file, `${value}\n`, { mode: 0o600 });
}

/** The variables whose secret a text holds. */
export function leaked({ values }: Canaries, text: string): string[] {
  return Object.keys(values).filter((name) => text.includes(values[name] ?? ''));
}

/** What a search prints, with the names of the variables in place of their secrets. */
function named({ values }: Canaries, text: string): string[] {
  const names = new Map(Object.entries(values).map(([name, value]) => [value, name]));
  const lines = text.split('\n').filter(Boolean);
  return lines.map((line) => line.replace(/^\S+/, (value) => names.get(value) ?? value)).sort();
}

/** Looks only at what has changed since there are canaries. Prints `SECRET PATH MODE OWNER:GROUP`. */
const search = ({ beginning, born }: Canaries, where: string) => `
export LC_ALL=C
find ${where} -type f -size +0 -newerct '${born.toISOString()}' -print0 2>/dev/null |
  xargs -0 -r grep -HaosE '${beginning}[0-9a-f]{16}' | sort -u |
  while IFS= read -r line; do stat -c "\${line##*:} %n %a %U:%G" -- "\${line%:*}"; done`;

/** What is no file of the host, and what has packages' own files only. */
const apart =
  '/proc /sys /var/log/journal /usr/bin /usr/sbin /usr/lib /usr/share /var/lib/apt /var/cache/apt';

/** Where a host has canaries: `VARIABLE PATH MODE OWNER:GROUP` for each file, `VARIABLE journal` where the journal has. */
export async function placesOn(lab: Lab, host: string, canaries: Canaries): Promise<string[]> {
  const pruned = apart.split(' ').map((path) => `-path ${path}`);
  const script = `journalctl --sync
${search(canaries, `/ \\( ${pruned.join(' -o ')} \\) -prune -o`)}
journalctl --all --output export --no-pager | grep -aoE '${canaries.beginning}[0-9a-f]{16}' | sort -u | sed 's/$/ journal/'`;
  return named(canaries, await lab.ask(host, script));
}

/** The same of the controller: the lab's state, and what runs may have left in temporary files, logs and histories. */
export async function placesHere(canaries: Canaries): Promise<string[]> {
  const others = [tmpdir(), '/var/tmp', '/dev/shm', homedir(), '/var/log'].map((path) => `'${path}'`);
  const script = search(canaries, `'${testFolder}'`) + search(canaries, `${others.join(' ')} -maxdepth 2`);
  const { stdout } = await $({ quiet: true, input: script })`sh`;
  return named(canaries, stdout);
}
