import type { AuthHandlerMiddleware, KeyboardInteractiveCallback, Prompt } from 'ssh2';
import type { ConnectionSettings } from './connection.ts';
import { thePassword } from './ssh-error.ts';
import { type Keys, OneKey } from './ssh-keys.ts';

/**
 * What is tried to log in, in turn: each key, and then the password, if there is one, in one of the two ways in which
 * servers ask for it. Nothing is tried twice: that might lock the account.
 */
export function authentication(
  { password, user: username }: ConnectionSettings,
  keys: Keys,
): { readonly tried: readonly string[]; readonly next: AuthHandlerMiddleware } {
  const tried: string[] = [];
  let asked = false;
  const next: AuthHandlerMiddleware = (methods, _partial, go) => {
    const key = keys.usable.shift();
    if (key) {
      tried.push(key.label);
      return go({ type: 'agent', username, agent: new OneKey(key) });
    }
    if (password === undefined || tried.includes(thePassword)) return go(false as unknown as 'none');
    // Only an answer tells what the server takes.
    if (!methods && !asked) {
      asked = true;
      return go({ type: 'none', username });
    }
    const taken: readonly string[] = methods ?? [];
    if (taken.includes('password')) {
      tried.push(thePassword);
      return go({ type: 'password', username, password });
    }
    if (!taken.includes('keyboard-interactive')) return go(false as unknown as 'none');
    tried.push(thePassword);
    let answered = false;
    const prompt = (
      _name: string,
      _instructions: string,
      _language: string,
      prompts: Prompt[],
      finish: KeyboardInteractiveCallback,
    ) => {
      const [first] = prompts;
      const isForPassword = prompts.length === 1 && first?.echo !== true && !answered;
      if (isForPassword) answered = true;
      finish(prompts.map(() => (isForPassword ? password : '')));
    };
    go({ type: 'keyboard-interactive', username, prompt });
  };
  return { tried, next };
}
