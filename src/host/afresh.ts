import { text } from 'node:stream/consumers';
import type { Channel, ConnectionSettings } from './connection.ts';

/** What a program over a connection of its own answered. */
export interface Afresh {
  /** undefined: the connection was lost, or it took too long. */
  readonly code: number | undefined;
  readonly stdout: string;
  readonly stderr: string;
}

let times = 0;

/** Settings that lead to a connection which nobody has yet, on every hop of the way. @param seconds for TCP, and again for logging in */
export function anew(settings: ConnectionSettings, seconds: number): ConnectionSettings {
  times += 1;
  return unshared(settings, seconds, times);
}

function unshared(
  { keep: _kept, jump, ...settings }: ConnectionSettings,
  seconds: number,
  fresh: number,
): ConnectionSettings {
  return {
    ...settings,
    fresh,
    connectTimeout: Math.min(settings.connectTimeout, seconds),
    ...(jump && { jump: unshared(jump, seconds, fresh) }),
  };
}

/** All that a program says, until it ends or the seconds are over. */
export async function collected(channel: Channel, seconds: number): Promise<Afresh> {
  const timer = setTimeout(() => channel.kill(), seconds * 1000);
  try {
    channel.stdin.end();
    const [stdout, stderr, code] = await Promise.all([
      text(channel.stdout).catch(() => ''),
      text(channel.stderr).catch(() => ''),
      channel.closed,
    ]);
    return { code, stdout, stderr };
  } finally {
    clearTimeout(timer);
  }
}
