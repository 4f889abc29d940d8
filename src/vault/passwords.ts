import { spawnSync } from 'node:child_process';
import { accessSync, constants, readFileSync, statSync } from 'node:fs';
import { homedir } from 'node:os';
import { parse, resolve } from 'node:path';
import { TaskFailure } from '../errors.ts';
import { didYouMeanFile } from '../problems.ts';
import { rememberSecret } from '../secrets.ts';
import { defaultId, isEncrypted } from './format.ts';
import { decrypt, type VaultKey } from './keyring.ts';

/** Where vault passwords come from, as given on the command line. */
export interface VaultSources {
  /** `label@source`; the source is a file, a program or `prompt`. */
  readonly vaultIds: readonly string[];
  readonly passwordFiles: readonly string[];
  /** `--ask-vault-pass`. */
  readonly ask: boolean;
}

type Ask = (question: { readonly text: string; readonly echo: boolean }) => Promise<string>;

export interface Asking {
  /** Undefined without a terminal. */
  readonly ask: Ask | undefined;
  /** A password to encrypt with: asked for twice, and asked for when no source is given at all. */
  readonly fresh?: boolean;
  readonly warn: (message: string) => void;
}

interface Source {
  readonly id: string;
  readonly from: string;
  readonly plainPrompt: boolean;
}

/**
 * The passwords of all sources, in the order in which they are tried: those of `--vault-id` before files, before
 * those that are asked for. `ANSIBLE_VAULT_IDENTITY_LIST` and `ANSIBLE_VAULT_PASSWORD_FILE` count as in Ansible.
 * A source that gives none is a warning while another one does.
 * @throws TaskFailure when no source gives a password, though there are some
 */
export async function readVaultKeys(
  sources: VaultSources,
  asking: Asking,
  environment: NodeJS.ProcessEnv = process.env,
): Promise<VaultKey[]> {
  const keys: VaultKey[] = [];
  const failures: TaskFailure[] = [];
  for (const source of ordered(sources, asking.fresh === true, environment)) {
    try {
      const password = await passwordOf(source, asking, keys);
      rememberSecret(password.toString());
      keys.push({ id: source.id, password });
    } catch (error) {
      if (!(error instanceof TaskFailure)) throw error;
      failures.push(error);
    }
  }
  const [first] = failures;
  if (first && keys.length === 0) throw first;
  for (const failure of failures) asking.warn(failure.message);
  return keys;
}

function ordered(given: VaultSources, fresh: boolean, environment: NodeJS.ProcessEnv): Source[] {
  const { ANSIBLE_VAULT_IDENTITY_LIST: listed = '', ANSIBLE_VAULT_PASSWORD_FILE: file } = environment;
  const ids = [...listed.split(',').map((id) => id.trim()), ...given.vaultIds].filter(Boolean);
  const files = given.passwordFiles.length > 0 || !file ? given.passwordFiles : [file];
  const sources = [
    ...ids.map((text) => ({ ...split(text), plainPrompt: false })),
    ...files.map((from) => ({ id: defaultId, from, plainPrompt: false })),
  ];
  if (given.ask || (fresh && sources.length === 0))
    sources.push({ id: defaultId, from: 'prompt', plainPrompt: true });
  return sources;
}

function split(text: string): { id: string; from: string } {
  const at = text.indexOf('@');
  const id = at <= 0 ? defaultId : text.slice(0, at);
  if (id.includes(';')) throw new TaskFailure(`--vault-id ${text}: an id cannot hold a semicolon`);
  return { id, from: text.slice(at + 1) };
}

async function passwordOf(source: Source, asking: Asking, keys: readonly VaultKey[]): Promise<Buffer> {
  if (source.from === 'prompt' || source.from === 'prompt_ask_vault_pass') return prompted(source, asking);
  const path = source.from.startsWith('~/') ? homedir() + source.from.slice(1) : resolve(source.from);
  const found = statSync(path, { throwIfNoEntry: false });
  if (!found) throw new TaskFailure(`there is no vault password file ${source.from}`, didYouMeanFile(path));
  if (found.isDirectory()) throw new TaskFailure(`the vault password file ${source.from} is a folder`);
  if (isExecutable(path)) return fromProgram(path, source);
  const text = readFileSync(path, 'latin1').trim();
  const content = Buffer.from(text, 'latin1');
  return refuseEmpty(isEncrypted(content) ? decrypt(content, keys).content : content, source.from);
}

async function prompted({ id, plainPrompt }: Source, { ask, fresh }: Asking): Promise<Buffer> {
  if (!ask)
    throw new TaskFailure(
      `there is no terminal to ask for the vault password (${id})`,
      'give --vault-password-file FILE',
    );
  const of = plainPrompt ? '' : ` (${id})`;
  const read = async (text: string) => (await ask({ text: `${text}${of}: `, echo: false })).trim();
  const password = await read(fresh ? 'New vault password' : 'Vault password');
  if (password === '') throw new TaskFailure('the vault password is empty');
  if (fresh && password !== (await read('Confirm new vault password')))
    throw new TaskFailure('the passwords are not the same');
  return Buffer.from(password);
}

/** Programs named `*-client` are told which id is wanted, as Ansible does. */
function fromProgram(path: string, { id, from }: Source): Buffer {
  // A shell would run what the system cannot, and say the words of a password that nobody meant to be a program.
  if (!/^(#!|\x7fELF)/.test(readFileSync(path, 'latin1').slice(0, 4)))
    throw new TaskFailure(
      `cannot run the vault password program ${from}: it is no program`,
      'a file that holds the password itself must not be executable: chmod -x',
    );
  const args = parse(path).name.endsWith('-client') ? ['--vault-id', id] : [];
  const { status, stdout, error } = spawnSync(path, args, { stdio: ['inherit', 'pipe', 'inherit'] });
  if (error) throw new TaskFailure(`cannot run the vault password program ${from}: ${error.message}`);
  if (status !== 0)
    throw new TaskFailure(`the vault password program ${from} ended with exit code ${status}`);
  return refuseEmpty(stdout, from);
}

function refuseEmpty(content: Buffer, from: string): Buffer {
  const text = content.toString('latin1').replace(/^[\r\n]+|[\r\n]+$/g, '');
  if (text === '') throw new TaskFailure(`there is no vault password in ${from}`);
  return Buffer.from(text, 'latin1');
}

function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return (statSync(path).mode & 0o111) !== 0;
  } catch {
    return false;
  }
}
