import type { Readable } from 'node:stream';
import type { Channel } from './connection.ts';
import { newNonce } from './frames.ts';

/** Shell that says on both streams that it has begun, before it goes on with a script. */
export function telling(script: string): { readonly token: string; readonly script: string } {
  const token = newNonce();
  const line = `printf '\\n%s\\n' ${token}`;
  return { token, script: `${line}; ${line} >&2\n${script}` };
}

interface Listener {
  /** What stands on standard error so far. An error ends the program. */
  heard(said: string): Error | undefined;
  /** Why it ended before it began. */
  ended(said: string, code: number | undefined): Error;
}

/** The channel of a script made by `telling`, once that has begun: what was said before is left out. */
export function begun(channel: Channel, token: string, { heard, ended }: Listener): Promise<Channel> {
  const { stdout, stderr } = channel;
  const line = `\n${token}\n`;
  let [out, said] = ['', ''];
  let isOver = false;
  return new Promise((resolve, reject) => {
    const stop = () => {
      isOver = true;
      stdout.off('data', readOut).pause();
      stderr.off('data', readError).pause();
    };
    const look = () => {
      const [outAt, saidAt] = [out.indexOf(line), said.indexOf(line)];
      if (outAt >= 0 && saidAt >= 0) {
        stop();
        handBack(stdout, out.slice(outAt + line.length));
        handBack(stderr, said.slice(saidAt + line.length));
        return resolve(channel);
      }
      const error = saidAt < 0 ? heard(said) : undefined;
      if (!error) return;
      stop();
      stdout.resume();
      stderr.resume();
      channel.kill();
      reject(error);
    };
    const readOut = (chunk: Buffer) => {
      out += chunk.toString('latin1');
      look();
    };
    const readError = (chunk: Buffer) => {
      said += chunk.toString('latin1');
      look();
    };
    channel.stdin.on('error', () => undefined);
    stdout.on('data', readOut);
    stderr.on('data', readError);
    void channel.closed.then((code) => {
      if (isOver) return;
      stop();
      reject(ended(said, code));
    });
  });
}

/** A stream that was paused flows again for its next listener, from here on. */
function handBack(stream: Readable, rest: string): void {
  if (rest !== '') stream.unshift(Buffer.from(rest, 'latin1'));
  const flow = (event: string | symbol) => {
    if (event !== 'data') return;
    stream.off('newListener', flow);
    process.nextTick(() => stream.resume());
  };
  stream.on('newListener', flow);
}
