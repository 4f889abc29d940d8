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
  force: ansibleBoolean.default(false).describe('Remove it even when it is the primary group of a user.'),
  gid_min: integer.optional().describe('Lowest number for a new group; overrides login.defs.'),
  gid_max: integer.optional().describe('Highest number for a new group; overrides login.defs.'),
  local: ansibleBoolean
    .default(false)
    .describe('Accepted for Ansible: groupadd, groupmod and groupdel work on local groups in any case.'),
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
    const range = [
      ...(want.gid_min === undefined ? [] : ['-K', `GID_MIN=${want.gid_min}`]),
      ...(want.gid_max === undefined ? [] : ['-K', `GID_MAX=${want.gid_max}`]),
    ];
    if (want.state === 'absent') await host.run(sh`groupdel ${want.force ? ['-f'] : []} -- ${want.name}`);
    else if (gid === undefined)
      await host.run(sh`groupadd ${[...(want.system ? ['-r'] : []), ...range]} ${number} -- ${want.name}`);
    else await host.run(sh`groupmod ${number} -- ${want.name}`);
  },

  result: (want, { gid }) => ({ name: want.name, gid, state: want.state, system: want.system }),
});
