/** What the fields of one stanza of a .sources file say, by their names in Ansible; see sources.list(5). */
export type Source = Readonly<Record<string, string | number | boolean | readonly string[] | undefined>>;

/** The text of the file, byte for byte as Ansible writes it: in the order of its parameters' names. */
export function sourceText(source: Source): string {
  return Object.keys(source)
    .sort()
    .map((name) => line(fieldName(name), source[name]))
    .join('');
}

function fieldName(name: string): string {
  if (name === 'name') return 'X-Repolib-Name';
  if (name === 'uris') return 'URIs';
  return name.replaceAll('_', '-').replaceAll(/\b[a-z]/g, (letter) => letter.toUpperCase());
}

function line(field: string, value: Source[string]): string {
  if (value === undefined) return '';
  if (typeof value === 'boolean') return `${field}: ${value ? 'yes' : 'no'}\n`;
  const words = typeof value === 'object' ? value.join(' ') : String(value);
  if (!words.includes('\n')) return words === '' ? `${field}:\n` : `${field}: ${words}\n`;
  // Continuation lines, in which an empty one is a dot.
  const lines = words.trim().split(/\r?\n/);
  return `${field}:\n${lines.map((text) => `    ${text.trim() || '.'}\n`).join('')}`;
}
