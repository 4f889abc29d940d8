import { z } from 'zod';
import { contents } from '../host/queries/contents.ts';
import { sh } from '../host/sh.ts';
import { type Change, changes, state } from './contract.ts';
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
  /** Files that load it at boot, with their contents; '' where there is none. */
  readonly load: string;
  readonly options: string;
}

export default state<Want, State>({
  summary: 'Load and unload modules of the kernel.',
  params,

  async have(want, host) {
    const [seen, load, options] = await Promise.all([
      // Built into the kernel counts as loaded; /sys/module shows it only when it has parameters.
      host.look(
        sh`[ -d ${`/sys/module/${want.name.replaceAll('-', '_')}`} ] || grep -qE ${`/${want.name.replaceAll(/[-_]/g, '[-_]')}\\.ko$`} "/lib/modules/$(uname -r)/modules.builtin" 2>/dev/null`,
        { expect: 'any' },
      ),
      host.ask(contents, loadFile(want)),
      host.ask(contents, optionsFile(want)),
    ]);
    return { loaded: seen.code === 0, load: load?.toString() ?? '', options: options?.toString() ?? '' };
  },

  diff(want, have) {
    const loaded = want.state === 'present';
    return [
      ...changes({ state: loaded ? 'present' : 'absent' }, { state: have.loaded ? 'present' : 'absent' }),
      ...fileChanges(want, have),
    ];
  },

  async fix(list, want, have, host) {
    for (const { path, to } of fileChanges(want, have)) {
      if (to === null) await host.run(sh`rm -f -- ${path!}`);
      else await host.write(path!, to as string, { mode: 0o644 });
    }
    if (!list.some((change) => change.what === 'state')) return;
    if (want.state === 'present') await host.run(sh`modprobe -- ${want.name} ${splitWords(want.params)}`);
    else await host.run(sh`modprobe -r -- ${want.name}`);
  },

  result: ({ name, params: given, state: wanted }) => ({ name, params: given, state: wanted }),
});

function loadFile({ name }: Want): string {
  return `/etc/modules-load.d/${name}.conf`;
}

function optionsFile({ name }: Want): string {
  return `/etc/modprobe.d/${name}.conf`;
}

function fileChanges(want: Want, have: State): Change[] {
  if (want.persistent === 'disabled') return [];
  const on = want.persistent === 'present';
  const file = (path: string, from: string, to: string): Change[] =>
    from === to ? [] : [{ what: 'content', path, from: from || null, to: to || null }];
  return [
    ...file(loadFile(want), have.load, on ? `${want.name}\n` : ''),
    ...file(
      optionsFile(want),
      have.options,
      on && want.params !== '' ? `options ${want.name} ${want.params}\n` : '',
    ),
  ];
}
