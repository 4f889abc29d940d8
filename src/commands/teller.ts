import type { Story } from '../recovery/story.ts';
import { maskText } from '../secrets.ts';

export interface Teller extends Story {
  line(text: string): void;
  /** What happened, as JSON or in words. */
  event(event: Readonly<Record<string, unknown>>, words: string): void;
  /** A step that is no one piece of work: told now, and as ended when the answer is called. */
  begin(what: string): () => void;
  /** The steps that have ended, with their seconds. */
  readonly phases: readonly { readonly phase: string; readonly seconds: number }[];
}

/** Tells a command's steps on standard output, in words or as one JSON document a line. */
export function teller(json: boolean): Teller {
  const write = (text: string): void => void process.stdout.write(`${maskText(text)}\n`);
  const event: Teller['event'] = (value, words) => write(json ? JSON.stringify(value) : words);
  const phases: { phase: string; seconds: number }[] = [];
  let count = 0;
  const begin: Teller['begin'] = (what) => {
    count += 1;
    const number = count;
    const began = performance.now();
    event({ event: 'phase', number, phase: what, state: 'begin' }, `${String(number).padStart(3)}  ${what}`);
    return () => {
      const seconds = Math.round(performance.now() - began) / 1000;
      phases.push({ phase: what, seconds });
      event({ event: 'phase', number, phase: what, state: 'end', seconds }, `     ${seconds.toFixed(2)} s`);
    };
  };
  return {
    event,
    begin,
    phases,
    line: (text) => event({ event: 'line', text }, text),
    say: (text) => event({ event: 'line', text }, `     ${text}`),
    phase: async (what, work) => {
      const end = begin(what);
      const result = await work();
      end();
      return result;
    },
  };
}
