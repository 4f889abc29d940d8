import { z } from 'zod';
import { sh } from '../host/sh.ts';
import { type Change, changes, state } from './contract.ts';
import { loadFolder, optionsFolder, persisted } from './shared/modprobe.ts';
import { moduleParams } from './shared/params.ts';
import { splitWords } from './shared/words.ts';

const params = moduleParams({
  name: z
    .string()
    .regex(/^[\w-]+$/, 'expected the name of a kernel module')
    .describe('Name of the kernel module.'),
  state: z.enum(['present', 'absent']).default('present').describe('Whether it is to be loaded.'),
  params: z.string().default('').describe('Parameters to load it with.'),
  persistent: z
    .enum(['disabled', 'present', 'absent'])
    .default('disabled')
    .describe(
      'present: load it at each boot, by /etc/modules-load.d and /etc/modprobe.d; absent: no longer; disabled: leave these files alone.',
    ),
});
type Want = z.output<typeof params>;

interface State {
  readonly loaded: boolean;
  /** Path -> text of what is in /etc/modules-load.d and /etc/modprobe.d. */
  readonly files: ReadonlyMap<string, string>;
}

export default state<Want, State>({
  summary: 'Load and unload modules of the kernel.',
  params,

  async have(want, host) {
    const [seen, found] = await Promise.all([
      // Built into the kernel counts as loaded; /sys/module shows it only when it has parameters.
      host.look(
        sh`[ -d ${`/sys/module/${want.name.replaceAll('-', '_')}`} ] || grep -qE ${`/${want.name.replaceAll(/[-_]/g, '[-_]')}\\.ko$`} "/lib/modules/$(uname -r)/modules.builtin" 2>/dev/null`,
        { expect: 'any' },
      ),
      host.look(sh`for f in ${loadFolder}/* ${optionsFolder}/*; do
[ -f "$f" ] || continue
printf '%s\\0' "$f"; cat -- "$f" || exit; printf '\\0'
done`),
    ]);
    const fields = found.stdout.split('\0').slice(0, -1);
    const paths = fields.filter((_field, index) => index % 2 === 0);
    const files = new Map(paths.map((path, index) => [path, fields[2 * index + 1] ?? '']));
    return { loaded: seen.code === 0, files };
  },

  diff(want, have) {
    const loaded = want.state === 'present';
    return [
      ...changes({ state: loaded ? 'present' : 'absent' }, { state: have.loaded ? 'present' : 'absent' }),
      ...fileChanges(want, have),
    ];
  },

  async fix(list, want, have, host) {
    if (list.some((change) => change.what === 'state'))
      await host.run(
        want.state === 'present'
          ? sh`modprobe -- ${want.name} ${splitWords(want.params)}`
          : sh`modprobe -r -- ${want.name}`,
      );
    for (const { path, to } of fileChanges(want, have))
      await host.write(path!, to as string, have.files.has(path!) ? {} : { mode: 0o644 });
  },

  result: ({ name, params: given, state: wanted }) => ({ name, params: given, state: wanted }),
});

function fileChanges(want: Want, { files }: State): Change[] {
  return [...persisted(want, files)].map(([path, to]) => ({
    what: 'content',
    path,
    from: files.get(path) ?? null,
    to,
  }));
}
