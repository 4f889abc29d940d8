import type { Channel } from './connection.ts';
import type { Command } from './sh.ts';

/**
 * Something that can be read from a host. All queries of one kind that are asked in the same tick become
 * one script, run once; all kinds asked in the same tick travel in one frame, one round trip.
 */
export interface Query<A, R> {
  /** Unique name of the kind, for caching and for `-vvv`. */
  readonly name: string;
  /** Two arguments with the same key have the same answer until something is written. */
  key(arg: A): string;
  /** POSIX shell that only reads. It answers for all arguments with as few processes as possible. */
  script(args: readonly A[]): Command;
  /** The answers, in the order of the arguments. Pure. Throws when the output cannot be what the script prints. */
  parse(stdout: Buffer, args: readonly A[], stderr?: Buffer): R[];
  /**
   * A condition of the shell that holds only while these answers are still true; with few processes, since it is asked
   * between changes that travel together. Without it no change that rests on such an answer is sent ahead.
   */
  still?(known: readonly Known<A, R>[]): Command;
  /** Whether an answer is good enough for a whole run, whatever is written (a user that is there). Default: no. */
  lasts?(answer: R): boolean;
}

/** A question with its answer. */
export interface Known<A, R> {
  readonly arg: A;
  readonly answer: R;
}

export interface Output {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

export interface RunOptions {
  /** Given to the command's standard input; the only way for a secret to reach a command. Default: /dev/null. */
  readonly stdin?: string | Buffer;
  /** Working directory on the host. */
  readonly directory?: string;
  /** Environment variables added for this command. Never for secrets. */
  readonly environment?: Readonly<Record<string, string>>;
  /** Run as this user of the host. Default: the connection's privileged user. */
  readonly user?: string;
  /** Exit codes that are not an error. Default [0]. */
  readonly expect?: readonly number[] | 'any';
  /** Its output is shown while it runs, to the person who waits. */
  readonly shown?: boolean;
  /** Seconds until it is ended and counts as failed. Default: none. */
  readonly timeout?: number;
}

export interface WriteOptions {
  /** Permission bits of the file, for example 0o644. Default: of the file that is replaced, else 0644. */
  readonly mode?: number;
  readonly owner?: string;
  readonly group?: string;
  /** A command that checks the new file before it is put in place, `%s` being its path (Ansible's `validate`). */
  readonly validate?: string;
  /** Path of a copy that is kept of the file that is replaced, with its owner, mode and times. */
  readonly backup?: string;
  /** Make the directory that it goes to. */
  readonly parents?: boolean;
  /** Put a new file in the place of whatever is there, a symbolic link too, and keep no attributes of it. */
  readonly afresh?: boolean;
}

/** What a file is filled with: bytes, or those of a file that is on the host already. */
export type FileContent = string | Buffer | { readonly copyOf: string };

/** Reading side of a host: what `have` may use. Never changes anything there. */
export interface HostReader {
  /** inventory_hostname */
  readonly name: string;
  /** Answers from the cache when nothing was written since. */
  ask<A, R>(query: Query<A, R>, arg: A): Promise<R>;
  /** A read that is no reusable query. Runs in the same frame as the queries of this tick, never cached. */
  look(command: Command, options?: RunOptions): Promise<Output>;
  /**
   * Starts a program beside the shell and hands over its streams, for protocols that talk both ways (rsync). Nothing
   * is cached or voided by it: a module that changes something with it calls `run` or `write` too.
   */
  stream(command: Command): Promise<Channel>;
  /** Another host of the run, to compare with. Throws a TaskFailure when it is not part of the inventory. */
  peer(name: string): HostReader;
}

/** A host, with what changes it: what `fix` and actions may use. */
export interface Host extends HostReader {
  /** Runs a command that may change the host. Throws CommandError on an unexpected exit code. Empties the cache. */
  run(command: Command, options?: RunOptions): Promise<Output>;
  /** Replaces a file in whole, in one step: new file beside it, owner and mode, validated, renamed. */
  write(path: string, content: FileContent, options?: WriteOptions): Promise<void>;
  /**
   * Long work (apt, clone): detached on the host under a name derived from `id`, its output streamed live.
   * If the connection or the controller dies it goes on; the same id asked again attaches to it.
   */
  job(id: string, command: Command, options?: RunOptions): Promise<Output>;
  /** Lets go of the connections to the host: what is asked next goes over a new one (a reboot, new groups of the user). */
  reconnect(): Promise<void>;
  peer(name: string): Host;
}
