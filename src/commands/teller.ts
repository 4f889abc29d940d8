import type { Story } from '../recovery/story.ts';
import { maskText } from '../secrets.ts';

export interface Teller extends Story {
  line(text: string): void;
  /** What happened, as JSON or in words. */
  event(event: Readonly<Record<string, unknown>>, words: string): void;
}

/** Tells a command's steps on standard output, in words or as one JSON document a line. */
export function teller(json: boolean): Teller {
  const write = (text: string): void => void process.stdout.write(`${maskText(text)}\n`);
  const event: Teller['event'] = (value, words) => write(json ? JSON.stringify(value) : words);
  let count = 0;
  return {
    event,
    line: (text) => event({ event: 'line', text }, text),
    say: (text) => event({ event: 'line', text }, `     ${text}`),
    phase: async (what, work) => {
      count += 1;
      const number = count;
      const began = performance.now();
      event(
        { event: 'phase', number, phase: what, state: 'begin' },
        `${String(number).padStart(3)}  ${what}`,
      );
      const result = await work();
      const seconds = Math.round(performance.now() - began) / 1000;
      event({ event: 'phase', number, phase: what, state: 'end', seconds }, `     ${seconds.toFixed(2)} s`);
      return result;
    },
  };
}
