import { spawn } from 'node:child_process';
import { once } from 'node:events';
import type { Canaries } from './canaries.ts';
import { program } from './program.ts';
import type { Watched } from './watcher.ts';

const source = `
import { setPriority } from 'node:os';
import { Watcher } from './watcher.ts';
Error.stackTraceLimit = 0;
setPriority(-10);
process.on('disconnect', () => process.exit(0));
process.once('message', ({ values, beginning }) => {
  const watcher = new Watcher(values, beginning);
  const clock = new Int32Array(new SharedArrayBuffer(4));
  process.on('message', () => process.send(watcher.watched()));
  // A timer of the event loop is late by whatever else it does.
  const watch = () => {
    for (let pass = 0; pass < 50; pass++) {
      watcher.pass();
      Atomics.wait(clock, 0, 0, 1);
    }
    setImmediate(watch);
  };
  watch();
  process.send('watching');
});
`;

/** A process of its own that watches all others for canaries. */
export async function watchProcesses(canaries: Canaries) {
  const script = await program('watcher', source);
  const child = spawn(process.execPath, [script], { stdio: ['ignore', 'inherit', 'inherit', 'ipc'] });
  const ended = once(child, 'exit').then(([code]) => {
    throw new Error(`what watches the processes has ended with ${code}`);
  });
  ended.catch(() => undefined);
  const ask = async (message: object): Promise<unknown> => {
    const answer = once(child, 'message');
    child.send(message);
    return ((await Promise.race([answer, ended])) as unknown[])[0];
  };
  await ask(canaries);
  return {
    watched: () => ask({}) as Promise<Watched>,
    end: () => {
      if (child.connected) child.disconnect();
    },
  };
}
