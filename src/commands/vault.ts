import { chownSync, existsSync, readFileSync, realpathSync, statSync } from 'node:fs';
import { buffer } from 'node:stream/consumers';
import { readConfiguration } from '../config/configuration.ts';
import { ExitCode, ProjectError, TaskFailure } from '../errors.ts';
import { keep } from '../state/files.ts';
import { seal } from '../vault/cipher.ts';
import { isEncrypted } from '../vault/format.ts';
import { decrypt, type Opened, type VaultKey } from '../vault/keyring.ts';
import { readVaultKeys, type VaultSources } from '../vault/passwords.ts';
import { terminal } from './ask.ts';
import { edited } from './editor.ts';
import { page } from './pager.ts';
import { vaultKeys, warnVault } from './unlock.ts';

export interface VaultCommand {
  readonly sources: VaultSources;
  readonly files: readonly string[];
  /** `-` is standard output. */
  readonly output?: string;
  readonly encryptVaultId?: string;
}

/** What a file of a command holds; `-` is standard input. */
interface Input {
  readonly shown: string;
  /** Symbolic links are followed, as ansible-vault does. */
  readonly path: string;
  readonly content: Buffer;
}

/** Encrypts files in place, or what comes in on standard input. */
export async function vaultEncrypt(command: VaultCommand): Promise<ExitCode> {
  const key = await writeKey(command);
  const inputs = await read(command, 'plaintext');
  for (const { shown, content } of inputs)
    if (isEncrypted(content)) throw new TaskFailure(`${shown} is already encrypted`, 'nothing was changed');
  for (const input of inputs) await write(command, input, seal(input.content, key.password, key.id), 0o600);
  return done('Encryption successful');
}

/** Decrypts files in place, or what comes in on standard input. */
export async function vaultDecrypt(command: VaultCommand): Promise<ExitCode> {
  const keys = await readKeys(command);
  const inputs = await read(command, 'ciphertext');
  const plain = inputs.map((input) => opened(input, keys).content);
  for (const [index, input] of inputs.entries()) await write(command, input, plain[index] as Buffer, 0o600);
  return done('Decryption successful');
}

/** Shows what files hold, in a pager on a terminal. */
export async function vaultView(command: VaultCommand): Promise<ExitCode> {
  const keys = await readKeys(command);
  const inputs = await read(command, 'ciphertext');
  for (const content of inputs.map((input) => opened(input, keys).content)) await page(content);
  return ExitCode.done;
}

/** Opens a new file in an editor and encrypts what was written. */
export async function vaultCreate(command: VaultCommand): Promise<ExitCode> {
  const key = await writeKey(command);
  const [file, ...more] = command.files;
  if (file === undefined || more.length > 0) throw usage('vault create takes one file');
  if (existsSync(file)) throw usage(`${file} is there already`, 'vault edit changes it');
  await edited(Buffer.alloc(0), file, (content) => keep(file, seal(content, key.password, key.id)));
  return ExitCode.done;
}

/** Opens encrypted files in an editor; password and id stay what they are. */
export async function vaultEdit(command: VaultCommand): Promise<ExitCode> {
  const keys = await readKeys(command);
  for (const input of await read(command, 'ciphertext')) {
    const { content, key, id } = opened(input, keys);
    await edited(content, input.path, async (changed) => {
      if (!changed.equals(content)) await replace(input.path, seal(changed, key.password, id));
    });
  }
  return ExitCode.done;
}

/** Encrypts files anew with another password. */
export async function vaultRekey(
  command: VaultCommand & { readonly fresh: VaultSources },
): Promise<ExitCode> {
  const keys = await readKeys(command);
  const fresh = await readVaultKeys(command.fresh, { ask: terminal(), fresh: true, warn: warnVault }, {});
  const key = chosen(fresh, command.encryptVaultId);
  const inputs = await read(command, 'ciphertext');
  const sealed = inputs.map((input) => seal(opened(input, keys).content, key.password, key.id));
  for (const [index, input] of inputs.entries()) await replace(input.path, sealed[index] as string);
  return done('Rekey successful');
}

export interface StringCommand extends VaultCommand {
  readonly names: readonly string[];
  readonly stdinName?: string;
  readonly prompt: boolean;
  readonly showInput: boolean;
}

/** Prints texts as `!vault` values for a YAML file. `files` are the texts; `-` or none is standard input. */
export async function vaultEncryptString(command: StringCommand): Promise<ExitCode> {
  const texts = command.files.filter((text) => text !== '-');
  const piped =
    command.stdinName !== undefined ||
    texts.length < command.files.length ||
    (texts.length === 0 && !command.prompt);
  if (piped && command.prompt) throw usage('--prompt and standard input cannot both be read');
  const key = await writeKey(command);
  const values: { name?: string | undefined; content: Buffer }[] = [];
  if (command.prompt) values.push(await promptedValue(command.showInput));
  if (piped) values.push({ name: command.stdinName, content: await standardInput('plaintext') });
  for (const [index, text] of texts.entries())
    values.push({ name: command.names[index], content: Buffer.from(text) });
  if (values.some(({ content }) => content.length === 0))
    throw usage('there is nothing to encrypt: the text is empty');
  const text = values
    .map(({ name, content }) => `${inlineValue(seal(content, key.password, key.id), name)}\n`)
    .join('');
  if (command.output === undefined || command.output === '-') process.stdout.write(text);
  else await keep(command.output, text);
  return done('Encryption successful');
}

/** An encrypted text as YAML, indented as ansible-vault does. */
function inlineValue(sealed: string, name?: string): string {
  const lines = sealed.trimEnd().split('\n');
  return [`${name ? `${name}: ` : ''}!vault |`, ...lines.map((line) => `          ${line}`)].join('\n');
}

async function promptedValue(echo: boolean): Promise<{ name?: string; content: Buffer }> {
  const ask = terminal();
  if (!ask)
    throw usage(
      'there is no terminal to ask for the text',
      'pipe it in: printf %s "$TEXT" | foobar vault encrypt-string',
    );
  const name = await ask({ text: 'Variable name (enter for no name): ', echo: true });
  const content = await ask({ text: `String to encrypt${echo ? '' : ' (hidden)'}: `, echo });
  return { ...(name !== '' && { name }), content: Buffer.from(content) };
}

async function readKeys({ sources }: VaultCommand): Promise<readonly VaultKey[]> {
  const keys = await vaultKeys(sources);
  if (keys.length > 0) return keys;
  // Ansible asks when it is told nothing.
  return vaultKeys({ ...sources, ask: true });
}

async function writeKey({ sources, encryptVaultId }: VaultCommand): Promise<VaultKey> {
  const keys = await vaultKeys(sources, true);
  return chosen(keys, encryptVaultId);
}

function chosen(keys: readonly VaultKey[], wanted = readConfiguration().vaultEncryptIdentity): VaultKey {
  const ids = [...new Set(keys.map(({ id }) => id))].join(', ');
  const key = keys.find(({ id }) => wanted === undefined || id === wanted);
  if (!key) throw usage(`there is no vault password with the id ${wanted}`, `given: ${ids}`);
  if (wanted === undefined && keys.length > 1)
    throw usage(
      `several vault passwords are given: ${ids}`,
      'say with --encrypt-vault-id which one is to encrypt',
    );
  return key;
}

async function read(command: VaultCommand, what: string): Promise<Input[]> {
  if (command.output !== undefined && command.files.length > 1)
    throw usage('--output takes what comes of one file, not of several');
  const files = command.files.length > 0 ? command.files : ['-'];
  return Promise.all(
    files.map(async (shown) => {
      if (shown === '-') return { shown: 'standard input', path: '-', content: await standardInput(what) };
      try {
        const path = realpathSync(shown);
        return { shown, path, content: readFileSync(path) };
      } catch (error) {
        throw new TaskFailure(`cannot read ${shown}: ${(error as Error).message}`);
      }
    }),
  );
}

function standardInput(what: string): Promise<Buffer> {
  if (process.stdin.isTTY) process.stderr.write(`Reading ${what} input from stdin\n`);
  return buffer(process.stdin);
}

function opened({ shown, content }: Input, keys: readonly VaultKey[]): Opened {
  try {
    return decrypt(content, keys);
  } catch (error) {
    if (!(error instanceof TaskFailure)) throw error;
    throw new TaskFailure(`${shown}: ${error.message}`, error.hint);
  }
}

async function write(
  { output }: VaultCommand,
  { path }: Input,
  content: string | Buffer,
  mode: number,
): Promise<void> {
  const target = output ?? path;
  if (target === '-') process.stdout.write(content);
  else await keep(target, content, { mode });
}

/** Puts new content in a file's place; mode and owner stay. */
async function replace(path: string, content: string): Promise<void> {
  const before = statSync(path);
  await keep(path, content, { mode: before.mode & 0o7777 });
  const after = statSync(path);
  if (after.uid !== before.uid || after.gid !== before.gid) chownSync(path, before.uid, before.gid);
}

function done(text: string): ExitCode {
  if (process.stdout.isTTY) process.stderr.write(`${text}\n`);
  return ExitCode.done;
}

function usage(message: string, hint?: string): ProjectError {
  return new ProjectError([{ message, hint, severity: 'error' }]);
}
