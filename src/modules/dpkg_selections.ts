import { z } from 'zod';
import { NotYet } from '../errors.ts';
import { sh } from '../host/sh.ts';
import { state } from './contract.ts';
import { moduleParams, text } from './shared/params.ts';
import { rememberedFor, rememberFor } from './shared/remember.ts';

const params = moduleParams({
  name: text.describe('Name of the package.'),
  selection: z
    .enum(['deinstall', 'hold', 'install', 'purge'])
    .describe('What dpkg is to do with the package; hold keeps its version.'),
});
type Want = z.output<typeof params>;

export default state<Want, string>({
  summary: 'Select what dpkg does with packages, such as to hold them.',
  params,

  async have({ name, selection }, host) {
    const { stdout, stderr } = await host.look(sh`LC_ALL=C dpkg --get-selections ${name}`, { expect: 'any' });
    if (stderr.includes('no packages found matching'))
      throw new NotYet(`Failed to find package '${name}' to perform selection '${selection}'.`);
    return stdout.trim().split(/\s+/)[1] ?? 'not present';
  },

  diff: ({ name, selection }, have) =>
    have === selection ? [] : [{ what: name, from: have, to: selection }],

  async fix(_changes, want, have, host) {
    await host.run(sh`dpkg --set-selections`, { stdin: `${want.name} ${want.selection}` });
    rememberFor(want, { before: have });
  },

  result: (want, have) => ({ before: have, after: want.selection, ...rememberedFor(want) }),
});
