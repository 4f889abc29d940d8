import { z } from 'zod';
import { NotYet, TaskFailure } from '../errors.ts';
import { contents } from '../host/queries/contents.ts';
import { rawShell, sh } from '../host/sh.ts';
import { state } from './contract.ts';
import { editLocaleGen, localeName, readSupported } from './shared/locale-gen.ts';
import { ansibleList, moduleParams } from './shared/params.ts';

const table = '/etc/locale.gen';

const params = moduleParams({
  name: ansibleList.describe('Locales with their encoding, such as de_DE.UTF-8.'),
  state: z.enum(['present', 'absent']).default('present').describe('Whether the locales are to be there.'),
});

interface State {
  /** /etc/locale.gen. */
  readonly table: string;
  readonly charsets: ReadonlyMap<string, string>;
  /** Those of the wanted names that are there. */
  readonly present: readonly string[];
}

export default state<z.output<typeof params>, State>({
  summary: 'Make and remove locales, on Debian and Ubuntu.',
  params,

  async have({ name: names }, host) {
    const [file, supported, made] = await Promise.all([
      host.ask(contents, table),
      host.ask(contents, '/usr/share/i18n/SUPPORTED'),
      host.look(rawShell('LC_ALL=C locale -a')),
    ]);
    if (file === undefined || supported === undefined)
      throw new NotYet(`${table} is missing on ${host.name}`, 'install the package locales before');
    const there = new Set(made.stdout.split('\n').map(localeName));
    const present = names.filter((name) => there.has(localeName(name)));
    const charsets = readSupported(supported.toString());
    const unknown = names.filter((name) => !charsets.has(name) && !present.includes(name));
    if (unknown.length > 0)
      throw new TaskFailure(
        `The following locales you have entered are not available on your system: ${unknown.join(', ')}`,
        `/usr/share/i18n/SUPPORTED on ${host.name} has those that are`,
      );
    return { table: file.toString(), charsets, present };
  },

  diff(want, { present }) {
    const wanted = want.state === 'present';
    return want.name
      .filter((name) => present.includes(name) !== wanted)
      .map((name) => ({ what: name, from: wanted ? 'absent' : 'present', to: want.state }));
  },

  async fix(_changes, want, have, host) {
    const edited = editLocaleGen(have.table, want.name, want.state === 'present', have.charsets);
    if (edited !== have.table) await host.write(table, edited);
    await host.job('locale-gen', sh`locale-gen`);
  },

  result: (want) => ({ name: want.name, mechanism: 'glibc' }),
});
