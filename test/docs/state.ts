import type { Parameter } from '../../src/schema/parameters.ts';
import type { Corpora } from './corpus.ts';
import type { RecordedOption } from './reference.ts';

/**
 * Our state of something that Ansible has. `same`: a test compares it with Ansible. `yes`: foobar's own tests use it.
 * `untested`: it is there, and no test speaks of it.
 */
export interface State {
  readonly word: 'same' | 'yes' | 'untested' | 'differs' | 'not';
  readonly note?: string;
}

/** How a parameter of ours stands to Ansible's of the same name; undefined when it has what Ansible's has. */
export function difference(ours: Parameter, theirs: RecordedOption): string | undefined {
  const notes: string[] = [];
  const missing = (theirs.choices ?? []).filter((choice) => ours.choices && !has(ours.choices, choice));
  if (missing.length > 0 && !ours.lenient) notes.push(`without ${missing.map(code).join(', ')}`);
  if (ours.required && !theirs.required) notes.push('needed here');
  const lists = theirs.type === 'list' || ours.type === 'list';
  if (!lists && defaultsDiffer(ours.default, theirs.default))
    notes.push(`default ${code(ours.default)}, Ansible's ${code(theirs.default)}`);
  return notes.length > 0 ? notes.join('; ') : undefined;
}

function has(choices: readonly unknown[], choice: unknown): boolean {
  const word = (value: unknown) => String(value).toLowerCase();
  return choices.some((each) => word(each) === word(choice));
}

function plain(value: unknown): string {
  const text = JSON.stringify(value) === '{}' ? '' : String(value ?? '').toLowerCase();
  return { no: '', false: '', yes: 'true' }[text] ?? text;
}

/** Unset, empty and false are the same to Ansible where it names no default. */
function defaultsDiffer(ours: unknown, theirs: unknown): boolean {
  if (plain(ours) === plain(theirs)) return false;
  // What we leave to the code behind the schema is not told by it.
  return ours !== undefined;
}

export function code(value: unknown): string {
  return `\`${typeof value === 'string' ? value : (JSON.stringify(value) ?? 'unset')}\``;
}

/** A state by what is there, what is said of it, and which tests speak of it. */
export function stateOf(
  there: boolean,
  corpora: Corpora,
  speaks: (corpus: Corpora['own']) => boolean,
  note?: string,
): State {
  if (!there) return { word: 'not', ...(note !== undefined && { note }) };
  if (note !== undefined) return { word: 'differs', note };
  if (speaks(corpora.compared)) return { word: 'same' };
  return { word: speaks(corpora.own) ? 'yes' : 'untested' };
}

/** As it stands in a table. */
export function shown({ word, note }: State): string {
  const text = word === 'untested' ? 'yes, untested' : word;
  return note === undefined ? text : `${text}: ${note}`;
}

export function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const line = (cells: readonly string[]) =>
    `| ${cells.map((cell) => cell.replaceAll('|', '\\|').replaceAll('\n', ' ')).join(' | ')} |`;
  return [line(head), `|${head.map(() => '---').join('|')}|`, ...rows.map(line)].join('\n');
}
