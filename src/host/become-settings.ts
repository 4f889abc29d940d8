import { rememberSecret } from '../secrets.ts';
import { type Become, type BecomeMethod, becomeMethods } from './become.ts';

type Variable = (name: string) => unknown;

/** Variables that give the password, those that count before others first. */
export const becomePasswords = [
  'ansible_become_password',
  'ansible_become_pass',
  'ansible_sudo_pass',
  'ansible_su_pass',
  'ansible_doas_pass',
];

/** The way of becoming another user that a word names, as in `become_method`; undefined for one that foobar has not. */
export function methodNamed(word: unknown): BecomeMethod | undefined {
  const name = String(word).replace(/^(?:ansible\.(?:builtin|legacy)|community\.general)\./, '');
  return becomeMethods.find((method) => method === name);
}

export const knownMethods = 'use sudo, su or doas';

/** How variables say that other users are become; `complain` hears of a method that foobar has not. */
export function becomeOf(
  get: Variable,
  complain: (message: string, hint: string) => void,
): Become | undefined {
  const said = get('ansible_become_method');
  const method = isNothing(said) ? undefined : methodNamed(said);
  if (method === undefined && !isNothing(said))
    complain(`ansible_become_method is ${JSON.stringify(said)}`, knownMethods);
  const names = becomePasswords.filter(
    (name) => !/_(?:sudo|su|doas)_/.test(name) || name.includes(`_${method ?? 'sudo'}_`),
  );
  const password = names.map(get).find((value) => !isNothing(value));
  if (password !== undefined) rememberSecret(String(password), { words: true });
  if (method === undefined && password === undefined) return undefined;
  return { ...(method && { method }), ...(password !== undefined && { password: String(password) }) };
}

function isNothing(value: unknown): boolean {
  return value === undefined || value === null || value === '';
}
