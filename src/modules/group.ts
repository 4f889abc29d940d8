import { z } from 'zod';
import { groups } from '../host/queries/users.ts';
import { sh } from '../host/sh.ts';
import { state } from './contract.ts';
import { ansibleBoolean, integer, moduleParams } from './shared/params.ts';

const params = moduleParams({
  name: z.string().min(1).describe('Name of the group.'),
  gid: integer.optional().describe('Its number.'),
  non_unique: ansibleBoolean.default(false).describe('Let gid be a number that another group has.'),
  state: z.enum(['absent', 'present']).default('present').describe('Whether the group is to be there.'),
  system: ansibleBoolean.default(false).describe('Make it a system group.'),
});

interface State {
  readonly gid: number | undefined;
}

export default state<z.output<typeof params>, State>({
  summary: 'Add or remove groups.',
  params,

  async have({ name }, host) {
    const all = await host.ask(groups, undefined);
    return { gid: all.find((group) => group.name === name)?.gid };
  },

  diff(want, { gid }) {
    if (want.state === 'absent')
      return gid === undefined ? [] : [{ what: 'state', from: 'present', to: 'absent' }];
    if (gid === undefined) return [{ what: 'state', from: 'absent', to: 'present' }];
    return want.gid === undefined || want.gid === gid ? [] : [{ what: 'gid', from: gid, to: want.gid }];
  },

  async fix(_changes, want, { gid }, host) {
    const number = [...(want.gid === undefined ? [] : ['-g', want.gid]), ...(want.non_unique ? ['-o'] : [])];
    if (want.state === 'absent') await host.run(sh`groupdel -- ${want.name}`);
    else if (gid === undefined)
      await host.run(sh`groupadd ${want.system ? ['-r'] : []} ${number} -- ${want.name}`);
    else await host.run(sh`groupmod ${number} -- ${want.name}`);
  },

  result: (want, { gid }) => ({ name: want.name, gid, state: want.state, system: want.system }),
});
