/** modules-load.d(5): what is loaded at boot. */
export const loadFolder = '/etc/modules-load.d';
/** modprobe.d(5): what it is loaded with. */
export const optionsFolder = '/etc/modprobe.d';

interface Wish {
  readonly name: string;
  readonly params: string;
  readonly persistent: 'disabled' | 'present' | 'absent';
}

/**
 * The files that change, with their new text, so that a module is loaded at boot with its parameters, or no longer.
 * As in Ansible any file of the two folders may say so; lines that are no longer to count become comments.
 * @param files path -> text of all files of both folders
 */
export function persisted(want: Wish, files: ReadonlyMap<string, string>): Map<string, string> {
  const { name, params, persistent } = want;
  const changed = new Map<string, string>();
  if (persistent === 'disabled') return changed;
  const of = (folder: string) => [...files].filter(([path]) => path.startsWith(`${folder}/`));
  const [load, options] = [of(loadFolder), of(optionsFolder)];
  const loads = new RegExp(`^ *${name} *(?:[#;].*)?$`);
  const isLoaded = load.some(([, text]) => text.split('\n').some((line) => loads.test(line)));
  const set = new RegExp(`^options ${name} (\\w+=\\S+) *(?:[#;].*)?$`);
  const given = new Set(
    options.flatMap(([, text]) => text.split('\n').flatMap((line) => set.exec(line)?.[1] ?? [])),
  );
  const wanted = params.split(/\s+/).filter((word) => word !== '');
  const isSet = given.size === new Set(wanted).size && wanted.every((word) => given.has(word));
  if (persistent === 'present') {
    if (!isLoaded) changed.set(`${loadFolder}/${name}.conf`, `${name}\n`);
    if (isSet) return changed;
    commentOut(options, set, changed);
    const lines = wanted.map((word) => `options ${name} ${word}`);
    return changed.set(`${optionsFolder}/${name}.conf`, `${lines.join('\n')}\n`);
  }
  commentOut(load, loads, changed);
  commentOut(options, set, changed);
  return changed;
}

function commentOut(
  files: readonly (readonly [string, string])[],
  line: RegExp,
  changed: Map<string, string>,
): void {
  for (const [path, text] of files) {
    const without = text
      .split('\n')
      .map((each) => (line.test(each) ? `#${each}` : each))
      .join('\n');
    if (without !== text) changed.set(path, without);
  }
}
