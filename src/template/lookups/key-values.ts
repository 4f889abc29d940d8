/** Ansible's parse_kv: `free words name=value other="with spaces"`. */
export function keyValues(term: string): { free: string; named: Record<string, string> } {
  const named: Record<string, string> = {};
  const free: string[] = [];
  for (const [word] of term.matchAll(/(?:"(?:\\.|[^"\\])*"|'(?:\\.|[^'\\])*'|[^\s"']|["'](?=[^"']*$))+/g)) {
    const at = word.search(/(?<=[^\\])=/);
    if (at > 0) named[word.slice(0, at)] = unquoted(word.slice(at + 1));
    else free.push(word.replaceAll('\\=', '='));
  }
  return { free: free.join(' '), named };
}

function unquoted(value: string): string {
  return /^(["']).*\1$/s.test(value) && value.length > 1 ? value.slice(1, -1) : value;
}
