import { randomBytes } from 'node:crypto';
import {
  closeSync,
  existsSync,
  fsyncSync,
  linkSync,
  mkdirSync,
  openSync,
  readFileSync,
  renameSync,
  unlinkSync,
  writeFileSync,
  writeSync,
} from 'node:fs';
import { dirname, isAbsolute, join } from 'node:path';
import { TaskFailure } from '../../errors.ts';
import { rememberSecret } from '../../secrets.ts';
import { passwordHash, randomSalt } from '../filters/hashes.ts';
import { chance } from '../mersenne.ts';
import { type Dict, isTrue, iterate, text } from '../python.ts';
import { leaveTraces } from '../turn.ts';
import type { Lookup } from './contract.ts';
import { keyValues } from './key-values.ts';

const classes: Readonly<Record<string, string>> = {
  ascii_letters: 'abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ',
  ascii_lowercase: 'abcdefghijklmnopqrstuvwxyz',
  ascii_uppercase: 'ABCDEFGHIJKLMNOPQRSTUVWXYZ',
  digits: '0123456789',
  hexdigits: '0123456789abcdefABCDEF',
  octdigits: '01234567',
  punctuation: '!"#$%&\'()*+,-./:;<=>?@[\\]^_`{|}~',
};

/** Values that check mode made up, so that one run sees one value. */
const imagined = new Map<string, Kept>();

/**
 * Ansible's `password`: what the file holds, or a new one that is kept there (0600, in a folder that is made 0700).
 * `length=20`, `chars=ascii_letters,digits`. In check mode nothing is written. The value is remembered as secret.
 */
export const password: Lookup = (terms, { options, environment }) =>
  terms.map((term) => {
    const { path: given, settings: written } = parse(text(term));
    const settings = { ...options, ...written };
    const path = isAbsolute(given)
      ? given
      : join(environment.variables.options.searchDirectories.at(-1) ?? '.', given);
    const before = path === '/dev/null' ? undefined : kept(path);
    const { check } = environment.variables.options;
    const found =
      before ??
      (path === '/dev/null' ? fresh(settings) : check ? imagine(path, settings) : keep(path, settings));
    rememberSecret(found.value);
    if (!isTrue(settings.encrypt ?? null)) return found.value;
    const salt = found.salt ?? salted(path, found.value, check);
    const hashed = passwordHash(found.value, text(settings.encrypt), { salt });
    rememberSecret(hashed);
    return hashed;
  });

interface Kept {
  readonly value: string;
  /** For the hash to stay the same. */
  readonly salt?: string | undefined;
}

function parse(term: string): { path: string; settings: Dict } {
  if (!term.includes(' ')) return { path: term, settings: {} };
  const { free, named } = keyValues(term);
  const wrong = Object.keys(named).filter((name) => !known.includes(name));
  if (wrong.length > 0)
    throw new TaskFailure(
      `Unrecognized parameter(s) given to password lookup: ${wrong.join(', ')}`,
      `it takes ${known.join(', ')}`,
    );
  if (!term.startsWith(free))
    throw new TaskFailure('Unrecognized value after key=value parameters given to password lookup');
  return { path: free, settings: named };
}

const known = ['length', 'encrypt', 'chars', 'ident', 'seed'];

function kept(path: string): Kept | undefined {
  if (!existsSync(path)) return undefined;
  const content = readFileSync(path, 'utf8').trimEnd();
  const [, value = content, salt] = /^([\s\S]*) salt=(\S+?)(?: ident=\S+)?$/.exec(content) ?? [];
  if (value === '') throw new TaskFailure(`the password file ${path} is empty`, 'remove it to get a new one');
  return { value, salt };
}

function fresh(settings: Dict): Kept {
  const salt = isTrue(settings.encrypt ?? null) ? randomSalt(16) : undefined;
  return { value: generate(settings), salt };
}

function imagine(path: string, settings: Dict): Kept {
  const value = imagined.get(path) ?? fresh(settings);
  imagined.set(path, value);
  return value;
}

/** Linked into place when complete: of two that make the same password at once, one wins and both use it. */
function keep(path: string, settings: Dict): Kept {
  leaveTraces("lookup('password')");
  const made = fresh(settings);
  const temporary = `${path}.${randomBytes(6).toString('hex')}`;
  mkdirSync(dirname(path), { recursive: true, mode: 0o700 });
  const file = openSync(temporary, 'wx', 0o600);
  try {
    writeSync(file, `${made.value}${made.salt === undefined ? '' : ` salt=${made.salt}`}\n`);
    fsyncSync(file);
    linkSync(temporary, path);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST')
      throw new TaskFailure(`cannot keep the password in ${path}: ${(error as Error).message}`);
  } finally {
    closeSync(file);
    unlinkSync(temporary);
  }
  syncFolder(dirname(path));
  return kept(path) ?? made;
}

/** A salt for a password that was kept without one. */
function salted(path: string, value: string, check: boolean): string {
  const salt = randomSalt(16);
  if (check || path === '/dev/null') return salt;
  leaveTraces("lookup('password')");
  const temporary = `${path}.${randomBytes(6).toString('hex')}`;
  writeFileSync(temporary, `${value} salt=${salt}\n`, { mode: 0o600, flush: true });
  renameSync(temporary, path);
  syncFolder(dirname(path));
  return salt;
}

function syncFolder(path: string): void {
  const folder = openSync(path, 'r');
  fsyncSync(folder);
  closeSync(folder);
}

function generate(settings: Dict): string {
  const length = Number(settings.length ?? 20);
  if (!Number.isInteger(length) || length < 1)
    throw new TaskFailure('a password needs a length of 1 or more');
  const characters = [...alphabet(settings.chars)];
  const pick = chance(settings.seed);
  return Array.from({ length }, () => characters[pick(characters.length)]).join('');
}

function alphabet(chars: unknown): string {
  const standard = ['ascii_letters', 'digits', '.,:-_'];
  const given = chars === undefined || chars === null ? standard : chars;
  // ",," in a text stands for the comma itself.
  const parts =
    typeof given === 'string'
      ? [given.includes(',,') ? ',' : '', ...given.replaceAll(',,', ',').split(',')]
      : iterate(given).map(text);
  const all = parts.map((part) => (Object.hasOwn(classes, part) ? classes[part] : part)).join('');
  const usable = all.replace(/["']/g, '');
  if (usable === '') throw new TaskFailure('a password needs characters to be made of');
  return usable;
}
