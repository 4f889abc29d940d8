import type { Wish } from './become.ts';
import { isWrong, lost, refusal, refused, silence, wantsPassword, wrongPassword } from './become-error.ts';
import { begun } from './beginning.ts';
import type { Channel } from './connection.ts';

/** Seconds in which a program must ask or let us in. PAM makes who erred wait for some. */
const patience = 30;

/** Answers the question for the password, once, and hands the channel over when the script has begun. */
export async function admitted(
  channel: Channel,
  wish: Wish,
  { token, prompt }: { readonly token: string; readonly prompt: string | RegExp },
): Promise<Channel> {
  const { password } = wish;
  let answered: number | undefined;
  let isSilent = false;
  const timer = setTimeout(() => {
    isSilent = true;
    channel.kill();
  }, patience * 1000);
  try {
    return await begun(channel, token, {
      heard: (said) => {
        if (!isAsked(said.slice(answered ?? 0), prompt)) return undefined;
        if (password === undefined) return wantsPassword(wish);
        if (answered !== undefined) return wrongPassword(wish, said);
        answered = said.length;
        channel.stdin.write(`${password}\n`);
        return undefined;
      },
      ended: (said, code) => {
        if (isSilent) return silence(wish, said);
        if (code === undefined) return lost(wish);
        if (answered !== undefined && isWrong.test(said)) return wrongPassword(wish, said);
        return refusal(wish.host, said) ?? refused(wish, said, code);
      },
    });
  } finally {
    clearTimeout(timer);
  }
}

function isAsked(said: string, prompt: string | RegExp): boolean {
  return typeof prompt === 'string' ? said.includes(prompt) : prompt.test(said);
}
