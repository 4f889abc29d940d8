import { z } from 'zod';
import { integer } from './params.ts';

/** Parameters of user that end in /etc/shadow: shadow(5). */
export const accountAge = {
  expires: z
    .preprocess(
      (value) => (typeof value === 'string' && /^\s*-?\d+(\.\d+)?\s*$/.test(value) ? Number(value) : value),
      z.number({ error: 'expected seconds since 1970' }),
    )
    .optional()
    .describe('When the account ends, in seconds since 1970; negative: never.'),
  password_expire_max: integer.optional().describe('Days after which the password has to be changed.'),
  password_expire_min: integer.optional().describe('Days for which the password may not be changed again.'),
  password_expire_warn: integer.optional().describe('Days of warning before the password has to be changed.'),
  password_expire_account_disable: integer
    .optional()
    .describe('Days after which an account with a password that has expired is disabled.'),
};

export type AccountAge = { readonly [name in keyof typeof accountAge]?: number | undefined };

/** Field of /etc/shadow, and the option of chage(1), of each parameter. */
const fields = {
  password_expire_min: [3, '-m'],
  password_expire_max: [4, '-M'],
  password_expire_warn: [5, '-W'],
  password_expire_account_disable: [6, '-I'],
  expires: [7, '-E'],
} as const;

/** What differs between the wanted ages and a line of /etc/shadow: parameter -> from and to, in days. */
export function ageChanges(
  want: AccountAge,
  shadow: string | undefined,
): { what: string; from: unknown; to: number }[] {
  const entry = shadow?.split(':') ?? [];
  return Object.entries(fields).flatMap(([what, [field]]) => {
    const value = want[what as keyof AccountAge];
    if (value === undefined) return [];
    const to = what === 'expires' ? (value < 0 ? -1 : Math.floor(value / 86_400)) : value;
    const from = entry[field] === undefined || entry[field] === '' ? -1 : Number(entry[field]);
    return from === to ? [] : [{ what, from, to }];
  });
}

/** The arguments of chage(1) for changes. */
export function ageArguments(changes: readonly { readonly what: string; readonly to: unknown }[]): string[] {
  return changes.flatMap(({ what, to }) =>
    what in fields ? [fields[what as keyof typeof fields][1], String(to)] : [],
  );
}
