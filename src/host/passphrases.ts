import type { ParsedKey } from 'ssh2';
import { TaskFailure } from '../errors.ts';
import { rememberSecret } from '../secrets.ts';

/** Asks the person at the terminal; undefined when nobody can be asked. Throws TaskFailure when nothing is answered. */
export type AskPassphrase = (text: string) => Promise<string | undefined>;

interface Opening {
  /** What the variables of the host say. */
  readonly passphrase: string | undefined;
  readonly ask: AskPassphrase | undefined;
  parse(text: Buffer, passphrase: string): ParsedKey | Error;
}

type Outcome = ParsedKey | string;

/** By file: what a passphrase opened for one host is open for all. */
const known = new Map<string, Promise<Outcome>>();
/** One question after the other. */
let question: Promise<unknown> = Promise.resolve();

/** As ssh(1) has it (NumberOfPasswordPrompts). Nobody but the file counts them. */
const tries = 3;

/** The key of an encrypted file, or the reason why it stays closed. Asked for once in a process. */
export function opened(
  { file, text }: { readonly file: string; readonly text: Buffer },
  { passphrase, ask, parse }: Opening,
): Promise<Outcome> {
  const key = JSON.stringify([file, passphrase ?? null]);
  let outcome = known.get(key);
  if (!outcome) {
    if (passphrase === undefined) {
      outcome = question.then(() => askFor(file, text, ask, parse));
      question = outcome.catch(() => undefined);
    } else outcome = Promise.resolve(given(file, text, passphrase, parse));
    known.set(key, outcome);
    outcome.catch(() => known.delete(key));
  }
  return outcome;
}

function given(file: string, text: Buffer, passphrase: string, parse: Opening['parse']): Outcome {
  const key = parse(text, passphrase);
  if (!(key instanceof Error)) return key;
  return isWrong(key)
    ? `is encrypted, and ansible_ssh_private_key_passphrase does not open it`
    : `is no usable private key: ${key.message}${file.endsWith('.pub') ? ' (a public key?)' : ''}`;
}

async function askFor(
  file: string,
  text: Buffer,
  ask: AskPassphrase | undefined,
  parse: Opening['parse'],
): Promise<Outcome> {
  let words = `Passphrase for ${file}: `;
  for (let left = tries; left > 0; left--) {
    const answer = await ask?.(words).catch((error: unknown) => {
      if (error instanceof TaskFailure) return '';
      throw error;
    });
    if (answer === undefined)
      return `is encrypted and not in the agent, and there is no terminal to ask for its passphrase: ssh-add ${file}`;
    if (answer === '') return `is encrypted and not in the agent: ssh-add ${file}`;
    rememberSecret(answer, { words: true });
    const key = parse(text, answer);
    if (!(key instanceof Error)) return key;
    if (!isWrong(key)) return `is no usable private key: ${key.message}`;
    words = `That was not it. Passphrase for ${file}: `;
  }
  return `is encrypted, and ${tries} passphrases did not open it`;
}

function isWrong(error: Error): boolean {
  return /passphrase|integrity|decrypt/i.test(error.message);
}

/** The public key that an encrypted file of OpenSSH's format holds in clear, as a line (PROTOCOL.key of OpenSSH). */
export function publicPart(text: Buffer): string | undefined {
  const [, body] = /-----BEGIN OPENSSH PRIVATE KEY-----([^-]+)-----END/.exec(text.toString('latin1')) ?? [];
  if (body === undefined) return undefined;
  const bytes = Buffer.from(body, 'base64');
  let at = 'openssh-key-v1\0'.length;
  const next = (): Buffer => {
    const length = bytes.readUInt32BE(at);
    at += 4 + length;
    return bytes.subarray(at - length, at);
  };
  try {
    for (const _field of ['cipher', 'key derivation', 'its options']) next();
    // How many keys there are: one.
    at += 4;
    const blob = next();
    const type = blob.subarray(4, 4 + blob.readUInt32BE(0)).toString('latin1');
    return `${type} ${blob.toString('base64')}`;
  } catch {
    return undefined;
  }
}
