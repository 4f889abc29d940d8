import { TransportError } from '../errors.ts';
import type { Wish } from './become.ts';

export class WrongPassword extends TransportError {}
export class WantsPassword extends TransportError {}

/** What the programs say of a password that is not the right one. */
export const isWrong = /incorrect password|try again|authentication fail|no password was provided/i;
/** What PAM says of the account itself. */
const ofAccount = /\b(?:account|locked|expired)\b/i;

export function wrongPassword({ host, login, method = 'sudo', user }: Wish, said: string): TransportError {
  const whose = method === 'su' ? user : login;
  const more = linesOf(said).filter((line) => ofAccount.test(line));
  return new WrongPassword(
    host,
    'sudo',
    [`${method}: wrong password for ${whose} on ${host}`, ...more].join(': '),
    'it was tried once; correct ansible_become_password, or what was given to --ask-become-pass',
  );
}

export function wantsPassword({ host, method = 'sudo' }: Pick<Wish, 'host' | 'method'>): TransportError {
  return new WantsPassword(
    host,
    'sudo',
    `${method} asks for a password`,
    `give it by --ask-become-pass, --become-password-file FILE or ansible_become_password${
      method === 'sudo' ? ', or let the user run sudo without one (NOPASSWD)' : ''
    }`,
  );
}

export function refused({ host, method = 'sudo', user }: Wish, said: string, code: number): TransportError {
  const words = linesOf(said).slice(-3).join('\n') || `exit code ${code}`;
  return new TransportError(host, 'sudo', `${method} does not let us become ${user}: ${words}`);
}

export function silence({ host, method = 'sudo', user }: Wish, said: string): TransportError {
  const words = linesOf(said).slice(-3).join('\n');
  const message = `${method} neither lets us become ${user} nor asks for a password${words ? `: ${words}` : ''}`;
  return new TransportError(host, 'sudo', message, 'only a password can be answered, no second factor');
}

export function lost({ host, user }: Wish): TransportError {
  return new TransportError(host, 'lost', `the connection was lost before ${user} was become`);
}

export function isForWantOfTerminal(error: unknown): boolean {
  return error instanceof TransportError && error.kind === 'sudo' && /must have a tty/.test(error.message);
}

/** What the end of a shell's complaints says of sudo or doas; undefined when it is about something else. */
export function refusal(host: string, said: string): TransportError | undefined {
  const [, method] = /(?:^|\n|: )(sudo|doas): /.exec(said) ?? /\bin the (sudo)ers file/.exec(said) ?? [];
  if (method !== 'sudo' && method !== 'doas') return undefined;
  if (/password is required|authenti?cation required|authorization required/i.test(said))
    return wantsPassword({ host, method });
  const words = linesOf(said).slice(-3).join('\n');
  return new TransportError(
    host,
    'sudo',
    `${method} refused: ${words}`,
    method === 'sudo'
      ? 'may the user run everything there (ALL) in sudoers?'
      : 'does /etc/doas.conf permit it?',
  );
}

function linesOf(said: string): string[] {
  return Buffer.from(said, 'latin1')
    .toString('utf8')
    .split(/\r?\n/)
    .map((line) => line.replace(/\[foobar \S+\] password: /g, '').trim())
    .filter((line) => line !== '');
}
