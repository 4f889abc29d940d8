/** An entry of fstab(5), its fields not escaped. */
export interface FstabEntry {
  readonly src?: string | undefined;
  readonly name: string;
  readonly fstype?: string | undefined;
  readonly opts: string;
  readonly dump: string;
  readonly passno: string;
}

const fields = ['src', 'name', 'fstype', 'opts', 'dump', 'passno'] as const;
type Fields = Record<(typeof fields)[number], string | undefined>;

/** The text with the entry put in or changed; what is not ours stays byte by byte, as ansible.posix.mount leaves it. */
export function setEntry(text: string, entry: FstabEntry): string {
  const wanted = Object.fromEntries(fields.map((name) => [name, escaped(entry[name] ?? '')])) as Fields;
  let exists = false;
  let changed = false;
  const lines = linesOf(text).map((line) => {
    const there = read(line.split('#', 1)[0]!, 4);
    if (line.trim().startsWith('#') || there === undefined || !matches(there, wanted, entry)) return line;
    exists = true;
    if (fields.some((name) => name !== 'name' && there[name] !== wanted[name])) changed = true;
    return changed ? `${format(wanted)}\n` : line;
  });
  if (exists && !changed) return text;
  return [...lines, ...(exists ? [] : [`${format(wanted)}\n`])].join('');
}

/** The text without the entry. */
export function removeEntry(text: string, entry: Pick<FstabEntry, 'name' | 'src'>): string {
  const wanted = { name: escaped(entry.name) };
  const all = text.match(/[^\n]*\n|[^\n]+$/g) ?? [];
  return all
    .filter((line) => {
      const there = line.trim().startsWith('#') ? undefined : read(line, 6);
      return there === undefined || !matches(there, wanted, entry);
    })
    .join('');
}

function linesOf(text: string): string[] {
  return (text.match(/[^\n]*\n|[^\n]+$/g) ?? []).map((line) => (line.endsWith('\n') ? line : `${line}\n`));
}

function read(line: string, atLeast: number): Fields | undefined {
  const words = line.split(/\s+/).filter((word) => word !== '');
  if (words.length < atLeast || words.length > 6) return undefined;
  return Object.fromEntries(fields.map((name, index) => [name, words[index]])) as Fields;
}

/** All swap has the mount point `none`: there the source tells entries apart. */
function matches(there: Fields, wanted: Pick<Fields, 'name'>, { src }: Pick<FstabEntry, 'src'>): boolean {
  if (there.name !== wanted.name) return false;
  return !(src !== undefined && there.name === 'none' && there.fstype === 'swap' && there.src !== src);
}

function format(entry: Fields): string {
  return fields.map((name) => entry[name]).join(' ');
}

function escaped(value: string): string {
  return value.replaceAll('\\', '\\134').replaceAll(' ', '\\040').replaceAll('&', '\\046');
}
