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
  let said = '';
  let isOver = false;
  return new Promise((resolve, reject) => {
    const waiting = new Set([stdout, stderr]);
    const listenTo = (stream: Readable): void => {
      let text = '';
      const read = (chunk: Buffer) => {
        text += chunk.toString('latin1');
        if (stream === stderr) said = text;
        const at = text.indexOf(line);
        if (at >= 0) {
          // At once: a stream that is read on may end, and then nothing can be handed back.
          stream.off('data', read).pause();
          handBack(stream, text.slice(at + line.length));
          waiting.delete(stream);
          if (waiting.size > 0) return;
          isOver = true;
          return resolve(channel);
        }
        const error = stream === stderr && !isOver ? heard(said) : undefined;
        if (!error) return;
        isOver = true;
        channel.kill();
        reject(error);
      };
      stream.on('data', read);
    };
    channel.stdin.on('error', () => undefined);
    listenTo(stdout);
    listenTo(stderr);
    void channel.closed.then((code) => {
      if (isOver) return;
      isOver = true;
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
