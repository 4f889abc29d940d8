const colons = ['passwd', 'shadow', 'group', 'gshadow'];

/**
 * The answer of getent as Ansible's facts have it: first field -> the others; a list of them where a key comes
 * more than once.
 */
export function parseGetent(
  database: string,
  stdout: string,
  split: string | undefined,
): Record<string, unknown> {
  const separator = split ?? (colons.includes(database) ? ':' : undefined);
  const seen = new Map<string, string[][]>();
  for (const line of stdout.split('\n')) {
    if (line === '') continue;
    const [key = '', ...rest] = separator === undefined ? line.trim().split(/\s+/) : line.split(separator);
    seen.set(key, [...(seen.get(key) ?? []), rest]);
  }
  return Object.fromEntries([...seen].map(([key, rows]) => [key, rows.length === 1 ? rows[0] : rows]));
}
