import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { onTestFinished } from 'vitest';
import { leader } from '../../src/lab/container.ts';
import { layout } from '../../src/lab/layout.ts';
import { program } from './program.ts';
import type { Lab } from './support.ts';

/**
 * Runs a script of this folder as a process of its own in the network of a lab host, which must live on. It is spoken
 * to by messages, and ends with the test.
 * @param source what it does, in TypeScript
 */
export async function startInside(lab: Lab, host: string, name: string, source: string) {
  const pid = await leader(layout(lab.plan), host);
  if (pid === undefined) throw new Error(`${host} does not run`);
  const script = await program(name, source);
  const child = spawn('nsenter', [`--net=/proc/${pid}/ns/net`, '--', process.execPath, script], {
    stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
  });
  onTestFinished(() => void child.kill('SIGKILL'));
  const ended = once(child, 'exit').then(([code]) => {
    throw new Error(`${name} has ended with ${code}`);
  });
  ended.catch(() => undefined);
  return {
    /** Sends a message and gives what comes back. */
    ask: async (message: unknown): Promise<unknown> => {
      const answer = once(child, 'message');
      child.send(message as object);
      return ((await Promise.race([answer, ended])) as unknown[])[0];
    },
  };
}
