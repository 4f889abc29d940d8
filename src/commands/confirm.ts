import { terminal } from './ask.ts';

/** Asks the person at the terminal; without one the answer is no. */
export async function confirmed(question: string): Promise<boolean> {
  const answer = await terminal()?.({ text: `${question} (yes/no) `, echo: true });
  return /^y(es)?$/i.test(answer?.trim() ?? '');
}
