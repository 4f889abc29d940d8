import { spawn } from 'node:child_process';
import { constants } from 'node:os';
import type { Channel, Connection } from './connection.ts';

/** This machine as a host (`ansible_connection: local`). */
export function localConnection(): Connection {
  const channels = new Set<Channel>();
  return {
    async exec(command) {
      const child = spawn('sh', ['-c', command], { stdio: ['pipe', 'pipe', 'pipe'] });
      const channel: Channel = {
        stdin: child.stdin,
        stdout: child.stdout,
        stderr: child.stderr,
        closed: new Promise((resolve) => {
          child.on('error', () => resolve(undefined));
          child.on('close', (code, signal) => {
            channels.delete(channel);
            resolve(code ?? 128 + constants.signals[signal ?? 'SIGKILL']);
          });
        }),
        kill: () => void child.kill(),
      };
      channels.add(channel);
      return channel;
    },
    async close() {
      for (const channel of channels) channel.stdin.end();
      await Promise.all([...channels].map((channel) => channel.closed));
    },
    lost: new Promise(() => {}),
  };
}
