import type { Readable } from 'node:stream';
import type { TransportError } from '../errors.ts';
import type { Wish } from './become.ts';
import { isWrong, lost, refusal, refused, silence, wantsPassword, wrongPassword } from './become-error.ts';
import type { Channel } from './connection.ts';

/** Seconds in which a program must ask or let us in. PAM makes who erred wait for some. */
const patience = 30;

/** Answers the question for the password, once, and hands the channel over when the script has begun. */
export function admitted(
  channel: Channel,
  wish: Wish,
  { token, prompt }: { readonly token: string; readonly prompt: string | RegExp },
): Promise<Channel> {
  const { password } = wish;
  const { stdin, stdout, stderr } = channel;
  const begun = `\n${token}\n`;
  let [out, said] = ['', ''];
  let answered: number | undefined;
  let isOver = false;
  return new Promise((resolve, reject) => {
    const stop = () => {
      isOver = true;
      clearTimeout(timer);
      stdout.off('data', readOut).pause();
      stderr.off('data', readError).pause();
    };
    const fail = (error: TransportError) => {
      stop();
      stdout.resume();
      stderr.resume();
      channel.kill();
      reject(error);
    };
    const look = () => {
      const [outAt, saidAt] = [out.indexOf(begun), said.indexOf(begun)];
      if (outAt >= 0 && saidAt >= 0) {
        stop();
        handBack(stdout, out.slice(outAt + begun.length));
        handBack(stderr, said.slice(saidAt + begun.length));
        resolve(channel);
      } else if (saidAt < 0 && isAsked(said.slice(answered ?? 0), prompt)) {
        if (password === undefined) return fail(wantsPassword(wish));
        if (answered !== undefined) return fail(wrongPassword(wish, said));
        answered = said.length;
        stdin.write(`${password}\n`);
      }
    };
    const readOut = (chunk: Buffer) => {
      out += chunk.toString('latin1');
      look();
    };
    const readError = (chunk: Buffer) => {
      said += chunk.toString('latin1');
      look();
    };
    const timer = setTimeout(() => fail(silence(wish, said)), patience * 1000);
    stdin.on('error', () => undefined);
    stdout.on('data', readOut);
    stderr.on('data', readError);
    void channel.closed.then((code) => {
      if (isOver) return;
      stop();
      if (code === undefined) reject(lost(wish));
      else if (answered !== undefined && isWrong.test(said)) reject(wrongPassword(wish, said));
      else reject(refusal(wish.host, said) ?? refused(wish, said, code));
    });
  });
}

function isAsked(said: string, prompt: string | RegExp): boolean {
  return typeof prompt === 'string' ? said.includes(prompt) : prompt.test(said);
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
