import type { TransportError } from '../errors.ts';
import { admitted } from './become-answer.ts';
import { isForWantOfTerminal, WantsPassword, WrongPassword } from './become-error.ts';
import { telling } from './beginning.ts';
import type { Channel, Connection } from './connection.ts';
import { quote } from './sh.ts';

/** Programs by which another user is become. */
export const becomeMethods = ['sudo', 'su', 'doas'] as const;
export type BecomeMethod = (typeof becomeMethods)[number];

/** How another user is become on a host. */
export interface Become {
  readonly method?: BecomeMethod;
  /** What the program asks for: with sudo and doas the password of who logged in, with su that of the other user. */
  readonly password?: string;
}

/** Who wants to become whom, and where. */
export interface Wish extends Become {
  /** inventory_hostname */
  readonly host: string;
  readonly login: string;
  readonly user: string;
}

/** Starts programs as other users, on the hosts of one run. */
export class Becoming {
  /** Where sudo wants a terminal (requiretty). */
  readonly #terminals = new Set<string>();
  /** Where a password was wrong. It is not tried again: that might lock the account. */
  readonly #refused = new Map<string, TransportError>();
  readonly #turns = new Map<string, Promise<unknown>>();

  /**
   * Starts a script of the shell as the wanted user. Where no password can be needed it does not wait for an answer.
   * @throws TransportError of kind `sudo` when the user cannot be become
   */
  async start(connection: Connection, wish: Wish, script: string): Promise<Channel> {
    const { login, method = 'sudo', password, user } = wish;
    const plain = `sh -c ${quote(script)}`;
    if (login === user) return connection.exec(plain);
    if (login === 'root') return connection.exec(`runuser -u ${quote(user)} -- ${plain}`);
    if (password !== undefined || method === 'su')
      return this.#inTurn(wish, () => this.#answering(connection, wish, script));
    if (user === 'root') return connection.exec(this.#silent(wish, script));
    return this.#answering(connection, wish, script);
  }

  /** Whether it failed for want of a terminal only; the next start has one. */
  learns(host: string, error: unknown): boolean {
    if (!isForWantOfTerminal(error) || this.#terminals.has(host)) return false;
    this.#terminals.add(host);
    return true;
  }

  /** One after the other, so that a wrong password is tried once and not once for each user. */
  async #inTurn<T>({ host }: Wish, work: () => Promise<T>): Promise<T> {
    const before = this.#turns.get(host);
    const turn = (async () => {
      await before;
      const refused = this.#refused.get(host);
      if (refused) throw refused;
      return work();
    })();
    this.#turns.set(
      host,
      turn.catch(() => undefined),
    );
    return turn;
  }

  async #answering(connection: Connection, wish: Wish, script: string): Promise<Channel> {
    try {
      if (wish.method !== 'doas') return await this.#asked(connection, wish, script);
      // doas reads passwords from a terminal only, and says beforehand whether it would.
      const { password, ...silent } = wish;
      return await this.#asked(connection, silent, script).catch((error: unknown) => {
        if (password === undefined || !(error instanceof WantsPassword)) throw error;
        return this.#asked(connection, wish, script);
      });
    } catch (error) {
      if (error instanceof WrongPassword) this.#refused.set(wish.host, error);
      if (this.learns(wish.host, error)) return this.#answering(connection, wish, script);
      throw error;
    }
  }

  async #asked(connection: Connection, wish: Wish, script: string): Promise<Channel> {
    const { token, script: aloud } = telling(script);
    const prompt = `[foobar ${token}] password: `;
    const asks = wish.password !== undefined || wish.method === 'su';
    const command = asks ? this.#askable(wish, aloud, prompt) : this.#silent(wish, aloud);
    return admitted(await connection.exec(command), wish, {
      token,
      prompt: wish.method === 'su' || wish.method === 'doas' ? /password:\s*$/i : prompt,
    });
  }

  #silent({ host, method, user }: Wish, script: string): string {
    const plain = `sh -c ${quote(script)}`;
    if (method === 'doas') return `doas -n -u ${quote(user)} -- ${plain}`;
    return this.#onTerminal(host, `sudo -H -n -u ${quote(user)} -- ${plain}`);
  }

  #askable({ host, method, user }: Wish, script: string, prompt: string): string {
    const plain = `sh -c ${quote(script)}`;
    // Without a terminal PAM reads the answer from standard input, and no byte more than its line.
    if (method === 'su') return `LC_ALL=C su -s /bin/sh -c ${quote(script)} ${quote(user)}`;
    if (method === 'doas') {
      const inner = onPipes(`doas -u ${quote(user)} -- ${plain}`);
      const answer = `{ IFS= read -r answer; printf '%s\\n' "$answer"; } <&6`;
      return `exec 6<&0; ${answer} | SHELL=/bin/sh script -qefc ${quote(inner)} /dev/null 3<&6 4>&1 5>&2 6<&- >&2`;
    }
    // -k: an answer that sudo still remembers would hide that this one is wrong.
    return this.#onTerminal(host, `sudo -H -k -S -p ${quote(prompt)} -u ${quote(user)} -- ${plain}`);
  }

  /** A terminal that the program belongs to and nothing goes over: what we say and hear goes over pipes as ever. */
  #onTerminal(host: string, command: string): string {
    if (!this.#terminals.has(host)) return command;
    const streams = '3<&0 4>&1 5>&2 </dev/null >/dev/null 2>&1';
    return `SHELL=/bin/sh script -qec ${quote(onPipes(command))} /dev/null ${streams}`;
  }
}

function onPipes(command: string): string {
  return `exec ${command} <&3 >&4 2>&5 3<&- 4>&- 5>&-`;
}
