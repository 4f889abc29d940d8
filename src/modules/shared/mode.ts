import { z } from 'zod';

const octal = /^0?o?([0-7]{1,4})$/;
const clause = /^([ugoa]*)((?:[-+=](?:[rwxXst]*|[ugo]))+)$/;

/**
 * Permission bits as Ansible takes them: octal (`'0644'`) or symbolic (`u=rw,g=r,o=`, `a+X`). Gives octal text of
 * four digits or the symbolic text; resolveMode makes bits of either.
 */
export const mode = z
  .union([z.string(), z.number()], { error: "expected a mode such as '0644' or u=rw,g=r,o=" })
  .transform((value, context) => {
    const read = typeof value === 'number' ? readNumber(value) : readText(value.trim());
    if (read !== undefined) return read;
    context.addIssue(
      typeof value === 'number'
        ? `${value} is not clearly a mode: write it in quotes, such as '0644'`
        : `"${value}" is not a mode: expected octal such as '0644' or symbolic such as u=rw,g=r,o=`,
    );
    return z.NEVER;
  });

function readText(value: string): string | undefined {
  const digits = octal.exec(value)?.[1];
  if (digits !== undefined) return digits.padStart(4, '0');
  return value.split(',').every((part) => clause.test(part)) ? value : undefined;
}

/**
 * A mode that was not quoted: YAML 1.1 reads 0644 as the number 420, YAML 1.2 as 644. Taken when only one of the
 * two readings gives nobody more than the owner and the owner the right to read.
 */
function readNumber(value: number): string | undefined {
  const asBits = value >= 0 && value <= 0o7777 && Number.isInteger(value) ? value : undefined;
  const asDigits = octal.test(String(value)) ? Number.parseInt(String(value), 8) : undefined;
  const readings = [asBits, asDigits].filter((bits) => bits !== undefined && isUsual(bits));
  return readings.length === 1 ? formatMode(readings[0]!) : undefined;
}

function isUsual(bits: number): boolean {
  const [owner, group, other] = [(bits >> 6) & 7, (bits >> 3) & 7, bits & 7] as const;
  return (owner & 4) !== 0 && (owner & group) === group && (group & other) === other;
}

/** Bits as Ansible shows them: `0644`. */
export function formatMode(bits: number): string {
  return (bits & 0o7777).toString(8).padStart(4, '0');
}

/**
 * The bits that a mode means for a file that has `current`. Symbolic clauses without `ugoa` leave out what the
 * umask takes, as chmod(1) says.
 */
export function resolveMode(wanted: string, current: number, directory: boolean, umask = 0o022): number {
  if (octal.test(wanted)) return Number.parseInt(wanted.replace('o', ''), 8);
  let bits = current & 0o7777;
  for (const part of wanted.split(',')) {
    const [, who = '', operations = ''] = clause.exec(part) ?? [];
    for (const [, operator = '', letters = ''] of operations.matchAll(/([-+=])([rwxXstugo]*)/g))
      bits = apply(bits, who, operator, letters, directory, umask);
  }
  return bits;
}

type Person = 'u' | 'g' | 'o';
const people: readonly Person[] = ['u', 'g', 'o'];
const shifts = { u: 6, g: 3, o: 0 } as const;
/** The bits that belong to each: permissions, and set-user-ID, set-group-ID, sticky. */
const owned = { u: 0o4700, g: 0o2070, o: 0o1007 } as const;
const setId = 0o6000;

/** One operation as mode_adjust of gnulib does it. */
function apply(
  bits: number,
  who: string,
  operator: string,
  letters: string,
  directory: boolean,
  umask: number,
): number {
  const whom = who.includes('a') ? people : people.filter((person) => who.includes(person));
  const affected = whom.reduce((mask, person) => mask | owned[person], 0);
  const value = bitsOf(letters, bits, directory);
  // A directory keeps its set-ID bits unless they are named.
  const kept = directory ? setId & ~((affected || ~0) & value) : 0;
  const given = value & (affected || ~umask) & ~kept;
  if (operator === '+') return bits | given;
  if (operator === '-') return bits & ~given;
  return (bits & ((affected === 0 ? 0 : ~affected) | kept)) | given;
}

function bitsOf(letters: string, bits: number, directory: boolean): number {
  let value = 0;
  if (letters.includes('r')) value |= 0o444;
  if (letters.includes('w')) value |= 0o222;
  if (letters.includes('x') || (letters.includes('X') && (directory || (bits & 0o111) !== 0))) value |= 0o111;
  if (letters.includes('s')) value |= setId;
  if (letters.includes('t')) value |= 0o1000;
  for (const person of people) if (letters.includes(person)) value |= ((bits >> shifts[person]) & 7) * 0o111;
  return value;
}
