import { type ChildProcess, spawn } from 'node:child_process';
import { lstatSync, mkdirSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';
import type { Channel } from './connection.ts';

/** What ssh(1) itself says when it ends for a reason of its own. */
const sshFailed = 255;

/** A folder for the sockets of ssh where only this user gets in. Short: the path of a socket may have some hundred letters. */
export function socketFolder(): string | undefined {
  const { XDG_RUNTIME_DIR: runtime } = process.env;
  const folder = runtime ? join(runtime, 'foobar') : join(homedir(), '.foobar', 'connections');
  try {
    mkdirSync(folder, { recursive: true, mode: 0o700 });
    const found = lstatSync(folder);
    const own = found.isDirectory() && found.uid === process.getuid?.() && (found.mode & 0o077) === 0;
    return own ? folder : undefined;
  } catch {
    return undefined;
  }
}

/** Starts ssh(1). */
export function ssh(words: readonly string[], streams: 'ignore' | 'pipe'): ChildProcess {
  return spawn('ssh', words, { stdio: [streams, streams, streams] });
}

/** The program that a process of ssh(1) has started. `failed` is called when ssh ended for a reason of its own. */
export function channelOf(child: ChildProcess, failed: () => void): Channel {
  const { stdin, stdout, stderr } = child as ChildProcess & Pick<Channel, 'stdin' | 'stdout' | 'stderr'>;
  // Writes to a program that has ended go nowhere.
  stdin.on('error', () => undefined);
  const closed = new Promise<number | undefined>((resolve) => {
    child.once('error', () => resolve(undefined));
    child.once('close', (code) => {
      const known = code === null || code === sshFailed ? undefined : code;
      if (known === undefined && !child.killed) failed();
      resolve(known);
    });
  });
  return { stdin, stdout, stderr, closed, kill: () => stop(child) };
}

/** Gives the program a moment to end by itself. */
export async function ended(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const over = new Promise((resolve) => child.once('close', resolve));
  child.stdin?.end();
  const timer = setTimeout(stop, 1000, child);
  await over;
  clearTimeout(timer);
}

/** Its streams are also held by the keeper until the program on the host has ended. */
function stop(child: ChildProcess): void {
  child.kill();
  for (const stream of [child.stdin, child.stdout, child.stderr]) stream?.destroy();
}
