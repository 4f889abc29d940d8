import type { Query } from './contract.ts';
import { rawShell, sh } from './sh.ts';

/**
 * Facts that files of a directory of the host give (`ansible_local`): each FILE.fact, in JSON or INI, or a program that
 * prints one of them. Asked by the directory.
 */
export const localFacts: Query<string, Readonly<Record<string, unknown>>> = {
  name: 'localFacts',
  key: (path) => path,

  script: (paths) =>
    rawShell(
      paths
        .map(
          (path) =>
            sh`echo d; for f in ${path}/*.fact; do [ -f "$f" ] || continue
if [ -x "$f" ]; then o=$("$f" 2>&1 </dev/null | base64 -w0; :) ; echo "x $(basename -- "$f" .fact) $o"
else echo "f $(basename -- "$f" .fact) $(base64 -w0 -- "$f")"; fi; done`.text,
        )
        .join('\n'),
    ),

  parse(stdout, paths) {
    const parts = stdout.toString('utf8').split(/^d$/m).slice(1);
    return paths.map((path, index) =>
      Object.fromEntries(
        [...(parts[index] ?? '').matchAll(/^[xf] (.*) ([A-Za-z0-9+/=]*)$/gm)].map(
          ([, name = '', text = '']) => [
            name,
            readFact(Buffer.from(text, 'base64').toString('utf8'), `${path}/${name}.fact`),
          ],
        ),
      ),
    );
  },
};

function readFact(text: string, name: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return readIni(text) ?? `error loading facts as JSON or ini - please check content: ${name}`;
  }
}

/** Sections and names as Python's configparser reads them; undefined for what is no INI. */
function readIni(text: string): Record<string, Record<string, string>> | undefined {
  const sections: Record<string, Record<string, string>> = {};
  let current: Record<string, string> | undefined;
  let last: string | undefined;
  for (const line of text.split('\n')) {
    if (line.trim() === '' || /^\s*[#;]/.test(line)) continue;
    const [, section] = /^\[(.+)\]\s*$/.exec(line) ?? [];
    if (section !== undefined) {
      sections[section] ??= {};
      current = sections[section];
      last = undefined;
      continue;
    }
    if (current === undefined) return undefined;
    if (/^\s/.test(line) && last !== undefined) {
      current[last] += `\n${line.trim()}`;
      continue;
    }
    const [, key, value] = /^([^=:]+?)\s*[=:]\s*(.*?)\s*$/.exec(line) ?? [];
    if (key === undefined) return undefined;
    last = key.toLowerCase();
    current[last] = value!;
  }
  return Object.keys(sections).length === 0 ? undefined : sections;
}
