import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { matchesPattern } from './known_host_lines.ts';
import { parseDirective, type SshOptions } from './ssh-options.ts';

/** What is known of the user and machine that connect. */
export interface Machine {
  readonly user: string;
  readonly home: string;
  /** Socket of the ssh-agent. */
  readonly agent?: string | undefined;
  /** Configuration files of ssh(1), the user's first. */
  readonly configurations: readonly string[];
}

/** A configuration that cannot be followed; the message starts with its place. */
export class SshConfigError extends Error {}

const deepest = 16;

/**
 * Adds to `options` what configuration files say of a host, as ssh_config(5) describes: Host, Match and Include; the
 * first value counts. Files that do not exist say nothing.
 * @param host as given to ssh: before HostName
 * @throws SshConfigError for what foobar does not do (`Match exec`)
 */
export function readSshConfig(
  files: readonly string[],
  host: string,
  options: SshOptions,
  machine: Machine,
): void {
  const reading = new Reading(host, options, machine);
  for (const file of files) reading.file(file, 0, true);
  if (!reading.wantsFinal) return;
  const again = new Reading((options.get('HostName') ?? host).toLowerCase(), options, machine, host);
  for (const file of files) again.file(file, 0, true);
}

class Reading {
  readonly #host: string;
  readonly #original: string;
  readonly #options: SshOptions;
  readonly #machine: Machine;
  readonly #final: boolean;
  /** `Match final` was there: everything is read once more. */
  wantsFinal = false;

  constructor(host: string, options: SshOptions, machine: Machine, original?: string) {
    this.#host = host;
    this.#original = original ?? host;
    this.#final = original !== undefined;
    this.#options = options;
    this.#machine = machine;
  }

  file(path: string, depth: number, active: boolean): void {
    let text: string;
    try {
      text = readFileSync(path, 'utf8');
    } catch (error) {
      if (['ENOENT', 'ENOTDIR'].includes((error as NodeJS.ErrnoException).code ?? '')) return;
      throw new SshConfigError(`${path}: ${(error as Error).message}`);
    }
    let applies = active;
    text.split(/\r?\n/).forEach((line, index) => {
      const directive = parseDirective(line);
      if (directive === undefined) return;
      const { name, values } = directive;
      const where = `${path}:${index + 1}`;
      const key = name.toLowerCase();
      if (key === 'host') applies = active && matchesList(values, this.#host, true);
      else if (key === 'match') applies = active && this.#matches(values, where);
      else if (!applies) return;
      else if (key === 'include') this.#include(values, path, depth, where);
      else this.#options.set(name, values);
    });
  }

  #include(patterns: readonly string[], from: string, depth: number, where: string): void {
    if (depth >= deepest) throw new SshConfigError(`${where}: files include each other`);
    for (const pattern of patterns) {
      const home = pattern.replace(/^~(?=\/|$)/, this.#machine.home);
      const base = from.startsWith('/etc/') ? '/etc/ssh' : dirname(this.#machine.configurations[0] ?? from);
      for (const file of expandGlob(resolve(base, home))) this.file(file, depth + 1, true);
    }
  }

  #matches(words: readonly string[], where: string): boolean {
    let result = true;
    for (let at = 0; at < words.length; at++) {
      const negated = words[at]?.startsWith('!') ?? false;
      const [criterion = '', attached] = (words[at] ?? '').replace(/^!/, '').split(/=(.*)/s);
      const one = this.#criterion(
        criterion.toLowerCase(),
        () => attached ?? words[++at] ?? '',
        result,
        where,
      );
      result = result && one !== negated;
    }
    return result;
  }

  #criterion(name: string, value: () => string, needed: boolean, where: string): boolean {
    const list = () => value().split(',');
    switch (name) {
      case 'all':
        return true;
      case 'final':
        this.wantsFinal = true;
        return this.#final;
      case 'canonical':
        return false;
      case 'host':
        return matchesList(list(), this.#options.get('HostName') ?? this.#host);
      case 'originalhost':
        return matchesList(list(), this.#original);
      case 'user':
        return matchesList(list(), this.#options.get('User') ?? this.#machine.user);
      case 'localuser':
        return matchesList(list(), this.#machine.user);
      default: {
        value();
        if (!needed) return false;
        throw new SshConfigError(
          `${where}: foobar does not follow "Match ${name}": only all, final, host, originalhost, user, localuser`,
        );
      }
    }
  }
}

/** Some pattern fits and none with `!`. As with ssh, case counts after Host and not after Match. */
function matchesList(patterns: readonly string[], name: string, exact = false): boolean {
  const fits = (pattern: string) =>
    exact ? matchesPattern(pattern, name) : matchesPattern(pattern.toLowerCase(), name.toLowerCase());
  if (patterns.some((pattern) => pattern.startsWith('!') && fits(pattern.slice(1)))) return false;
  return patterns.some((pattern) => !pattern.startsWith('!') && fits(pattern));
}

function expandGlob(path: string): string[] {
  return path
    .split('/')
    .slice(1)
    .reduce<string[]>(
      (found, part) =>
        found.flatMap((directory) =>
          /[*?]/.test(part) ? matchingEntries(directory, part) : [join(directory, part)],
        ),
      ['/'],
    );
}

function matchingEntries(directory: string, pattern: string): string[] {
  let entries: string[];
  try {
    entries = readdirSync(directory);
  } catch {
    return [];
  }
  return entries
    .filter((entry) => (pattern.startsWith('.') || !entry.startsWith('.')) && matchesPattern(pattern, entry))
    .sort()
    .map((entry) => join(directory, entry));
}
