import { spawnSync } from 'node:child_process';
import { readFileSync, statSync } from 'node:fs';
import { homedir } from 'node:os';
import { resolve } from 'node:path';
import type { Settings } from '../config/settings.ts';
import { TaskFailure } from '../errors.ts';
import { rememberSecret } from '../secrets.ts';
import type { Ask } from './ask.ts';

/** Where passwords of hosts come from, as given on the command line. */
export interface PasswordSources {
  /** `--ask-pass` */
  readonly askLogin: boolean;
  readonly loginFile?: string;
  /** `--ask-become-pass` */
  readonly askBecome: boolean;
  readonly becomeFile?: string;
}

/** Passwords of hosts for which no variable gives one. */
export interface Passwords {
  readonly login?: string;
  readonly become?: string;
}

const nothing: PasswordSources = { askLogin: false, askBecome: false };

let given: { readonly key: string; readonly passwords: Passwords } = { key: '', passwords: {} };

/** What `readPasswords` got last. */
export function givenPasswords(): Passwords {
  return given.passwords;
}

/**
 * Gets the passwords of hosts from where the person at the terminal said, once in a process.
 * @throws TaskFailure when a source gives none
 */
export async function readPasswords(
  sources: PasswordSources = nothing,
  configuration: Settings = {},
  terminal: () => Ask | undefined = () => undefined,
): Promise<void> {
  const { askBecomePass, askPass, becomePasswordFile, connectionPasswordFile } = configuration;
  const loginFile = sources.loginFile ?? (sources.askLogin ? undefined : connectionPasswordFile);
  const becomeFile = sources.becomeFile ?? (sources.askBecome ? undefined : becomePasswordFile);
  const askLogin = loginFile === undefined && (sources.askLogin || askPass === true);
  const askBecome = becomeFile === undefined && (sources.askBecome || askBecomePass === true);
  const key = JSON.stringify([loginFile, becomeFile, askLogin, askBecome]);
  if (key === given.key) return;
  const ask = askLogin || askBecome ? terminal() : undefined;
  let login = loginFile === undefined ? undefined : passwordIn(loginFile, '--connection-password-file');
  let become = becomeFile === undefined ? undefined : passwordIn(becomeFile, '--become-password-file');
  if (askLogin) login = await answered(ask, 'SSH password: ', '--connection-password-file');
  if (askBecome) {
    const standard = login === undefined ? '' : '[defaults to SSH password]';
    become = (await answered(ask, `BECOME password${standard}: `, '--become-password-file')) || login;
  }
  for (const password of [login, become]) if (password) rememberSecret(password, { words: true });
  given = { key, passwords: { ...(login && { login }), ...(become && { become }) } };
}

async function answered(ask: Ask | undefined, text: string, otherwise: string): Promise<string> {
  if (ask) return ask({ text, echo: false });
  throw new TaskFailure(
    `there is no terminal to ask for the ${text.replace(/[:[].*/s, '')}`,
    `give ${otherwise} FILE, or a variable of the hosts that is encrypted (foobar vault encrypt-string)`,
  );
}

/** The first line of a file, or of what a program says. */
function passwordIn(file: string, option: string): string {
  const path = resolve(file.replace(/^~(?=\/)/, homedir()));
  const found = statSync(path, { throwIfNoEntry: false });
  if (found === undefined) throw new TaskFailure(`${option} ${file}: there is no such file`);
  if (found.isDirectory()) throw new TaskFailure(`${option} ${file}: it is a folder`);
  const text = (found.mode & 0o111) === 0 ? readFileSync(path, 'utf8') : saidBy(path, option);
  const [line = ''] = text.trim().split(/\r?\n/);
  if (line === '') throw new TaskFailure(`${option} ${file}: there is no password in it`);
  return line;
}

function saidBy(path: string, option: string): string {
  const { status, stdout, error } = spawnSync(path, {
    stdio: ['inherit', 'pipe', 'inherit'],
    encoding: 'utf8',
  });
  if (error) throw new TaskFailure(`${option}: ${path} cannot be run: ${error.message}`);
  if (status !== 0) throw new TaskFailure(`${option}: ${path} ended with exit code ${status}`);
  return stdout;
}
