import { randomBytes, randomInt } from 'node:crypto';
import {
  closeSync,
  existsSync,
  fsyncSync,
  linkSync,
  mkdirSync,
  openSync,
  readFileSync,
  unlinkSync,
  writeSync,
} from 'node:fs';
import { dirname, isAbsolute } from 'node:path';
import { TaskFailure } from '../../errors.ts';
import { rememberSecret } from '../../secrets.ts';
import { type Dict, iterate, text } from '../python.ts';
import type { Lookup } from './contract.ts';

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
const imagined = new Map<string, string>();

/**
 * Ansible's `password`: what the file holds, or a new one that is kept there (0600, in a folder that is made 0700).
 * `length=20`, `chars=ascii_letters,digits`. In check mode nothing is written. The value is remembered as secret.
 */
export const password: Lookup = (terms, { options, environment }) =>
  terms.map((term) => {
    const { path, ...written } = parse(text(term));
    if (!isAbsolute(path))
      throw new TaskFailure(`the lookup 'password' needs an absolute path, not '${path}'`);
    const settings = { ...written, ...options };
    const value =
      path === '/dev/null'
        ? generate(settings)
        : (kept(path) ??
          (environment.variables.options.check ? imagine(path, settings) : keep(path, settings)));
    rememberSecret(value);
    return value;
  });

function parse(term: string): Dict & { path: string } {
  const at = term.search(/\s+(length|chars|seed|encrypt|ident)=/);
  const path = at < 0 ? term.trim() : term.slice(0, at);
  const settings = [...term.slice(path.length).matchAll(/\b(\w+)=(\S+)/g)].map(([, key, value]) => [
    key,
    value,
  ]);
  const known: Dict = Object.fromEntries(settings);
  for (const name of ['encrypt', 'ident', 'seed'])
    if (known[name] !== undefined) throw new TaskFailure(`the lookup 'password' does not support '${name}'`);
  return { path, ...known };
}

function kept(path: string): string | undefined {
  if (!existsSync(path)) return undefined;
  const content = readFileSync(path, 'utf8')
    .replace(/\n$/, '')
    .replace(/ salt=\S+$/, '');
  if (content === '')
    throw new TaskFailure(`the password file ${path} is empty`, 'remove it to get a new one');
  return content;
}

function imagine(path: string, settings: Dict): string {
  const value = imagined.get(path) ?? generate(settings);
  imagined.set(path, value);
  return value;
}

/** Linked into place when complete: of two that make the same password at once, one wins and both use it. */
function keep(path: string, settings: Dict): string {
  const value = generate(settings);
  const temporary = `${path}.${randomBytes(6).toString('hex')}`;
  mkdirSync(dirname(path), { recursive: true, mode: 0o700 });
  const file = openSync(temporary, 'wx', 0o600);
  try {
    writeSync(file, `${value}\n`);
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
  return kept(path) ?? value;
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
  const characters = alphabet(settings.chars);
  return Array.from({ length }, () => characters[randomInt(characters.length)]).join('');
}

function alphabet(chars: unknown): string {
  if (chars === undefined) return `${classes.ascii_letters}${classes.digits}.,:-_`;
  const parts = typeof chars === 'string' ? chars.split(',') : iterate(chars).map(text);
  // ",," in Ansible's list means the comma itself.
  const comma = typeof chars === 'string' && chars.includes(',,') ? ',' : '';
  const all = parts.filter(Boolean).map((part) => (Object.hasOwn(classes, part) ? classes[part] : part));
  return [...new Set(all.join('') + comma)].join('');
}
