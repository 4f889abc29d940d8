import { z } from 'zod';
import { state } from './contract.ts';
import { type AptState, type AptWant, aptChanges, fixApt, readApt } from './shared/apt.ts';
import { ansibleList, moduleParams } from './shared/params.ts';

const params = moduleParams({
  name: ansibleList.describe('Packages.'),
  state: z
    .preprocess(
      (value) => (value === 'installed' ? 'present' : value === 'removed' ? 'absent' : value),
      z.enum(['absent', 'latest', 'present']),
    )
    .default('present')
    .describe('present takes any version that is there; latest the newest that can be installed.'),
  use: z.enum(['auto', 'apt']).default('auto').describe('The package manager; there is apt only.'),
});
type Want = z.output<typeof params>;

export default state<Want, AptState>({
  summary: 'Manage packages with the package manager of the host.',
  params,
  have: (want, host) => readApt(withDefaults(want), host),
  diff: (want, have) => aptChanges(withDefaults(want), have),
  fix: (list, want, have, host) => fixApt(list, withDefaults(want), have, host),
});

function withDefaults({ name, state }: Want): AptWant {
  return {
    name,
    state,
    update_cache: false,
    cache_valid_time: 0,
    upgrade: 'no',
    purge: false,
    autoremove: false,
    only_upgrade: false,
    allow_downgrade: false,
    allow_change_held_packages: false,
    fail_on_autoremove: false,
    dpkg_options: ['force-confdef', 'force-confold'],
    lock_timeout: 600,
  };
}
