import { spawn } from 'node:child_process';
import { Duplex } from 'node:stream';

/** A program of this machine that carries the bytes to a host and back: ssh's ProxyCommand. */
export interface Proxy {
  readonly stream: Duplex;
  /** The end of what it said on standard error. */
  said(): string;
}

/** Starts the program with `sh -c`. It ends with its stream, and the stream when it has ended and was read. */
export function openProxy(command: string): Proxy {
  const child = spawn('sh', ['-c', `exec ${command}`], { stdio: ['pipe', 'pipe', 'pipe'] });
  let said = '';
  child.stderr.on('data', (chunk: Buffer) => {
    said = (said + chunk.toString('utf8')).slice(-2000);
  });
  const stream = new Duplex({
    read: () => void child.stdout.resume(),
    // A program that reads no more has ended or will: its end tells why.
    write: (chunk, _encoding, done) => void child.stdin.write(chunk, () => done()),
    final: (done) => void child.stdin.end(() => done()),
    destroy: (error, done) => {
      child.kill();
      done(error);
    },
  });
  child.stdin.on('error', () => undefined);
  child.stdout.on('data', (chunk: Buffer) => {
    if (!stream.push(chunk)) child.stdout.pause();
  });
  child.once('error', (error) => stream.destroy(error));
  child.once('close', () => {
    stream.push(null);
    setImmediate(() => stream.destroy());
  });
  return { stream, said: () => said.trim().split('\n').slice(-3).join('\n') };
}
