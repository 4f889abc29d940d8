import { z } from 'zod';
import { state } from './contract.ts';
import { type AptState, aptChanges, fixApt, readApt } from './shared/apt.ts';
import { ansibleBoolean, ansibleList, hostPath, integer, text, withAliases } from './shared/params.ts';

const word = /^[a-z0-9][a-z0-9+.-]*(:[a-z0-9-]+)?(=[A-Za-z0-9.+~:*?-]+)?$/;

const params = withAliases(
  z
    .strictObject({
      name: ansibleList
        .refine((names) => names.every((name) => word.test(name)), {
          error: 'expected package names: name, name=version or name:architecture',
        })
        .optional()
        .describe('Packages; name=1.2* pins a version, in which * and ? stand for anything.')
        .meta({ aliases: ['package', 'pkg'] }),
      state: z
        .preprocess(
          (value) => (value === 'installed' ? 'present' : value === 'removed' ? 'absent' : value),
          z.enum(['absent', 'latest', 'present']),
        )
        .default('present')
        .describe('present takes any version that is there; latest the newest that apt would install.'),
      update_cache: ansibleBoolean
        .default(false)
        .describe(
          'Fetch package lists. With name only when something is to be installed; without name whenever they are older than cache_valid_time.',
        )
        .meta({ aliases: ['update-cache'] }),
      cache_valid_time: integer
        .default(0)
        .describe('Seconds for which fetched package lists are good enough. Changed sources end it.'),
      default_release: text
        .optional()
        .describe('Release to install from, as for apt-get -t.')
        .meta({ aliases: ['default-release'] }),
      install_recommends: ansibleBoolean
        .optional()
        .describe('Whether recommended packages are installed too. Default: what the host is set to.')
        .meta({ aliases: ['install-recommends'] }),
      deb: hostPath.optional().describe('A .deb file on the host to install.'),
      upgrade: z
        .preprocess(
          (value) => (typeof value === 'boolean' ? (value ? 'yes' : 'no') : value),
          z.enum(['no', 'yes', 'safe', 'full', 'dist']),
        )
        .default('no')
        .describe('Upgrade all packages: yes and safe remove nothing, full and dist may.'),
      purge: ansibleBoolean.default(false).describe('Remove configuration files with a package.'),
      autoremove: ansibleBoolean.default(false).describe('Remove packages that nothing needs any more.'),
      only_upgrade: ansibleBoolean.default(false).describe('Install nothing that is not there already.'),
      allow_downgrade: ansibleBoolean
        .default(false)
        .describe('Let a version be lower than the installed one.')
        .meta({ aliases: ['allow-downgrade', 'allow_downgrades', 'allow-downgrades'] }),
      allow_change_held_packages: ansibleBoolean.default(false).describe('Change packages that are on hold.'),
      fail_on_autoremove: ansibleBoolean.default(false).describe('Fail rather than remove another package.'),
      dpkg_options: ansibleList
        .default(['force-confdef', 'force-confold'])
        .describe('Options for dpkg, without dashes. Default: keep changed configuration files.'),
      policy_rc_d: integer
        .optional()
        .describe('What policy-rc.d answers while apt runs; 101 keeps new packages from starting services.'),
      lock_timeout: integer.default(600).describe('Seconds to wait while another apt or dpkg works.'),
      force_apt_get: ansibleBoolean
        .default(true)
        .describe('Taken for the sake of existing playbooks; apt-get is used in any case.'),
    })
    .refine(
      (want) => want.name || want.deb || want.update_cache || want.autoremove || want.upgrade !== 'no',
      { error: 'give name, deb, update_cache, upgrade or autoremove', path: ['name'] },
    )
    .refine((want) => want.deb === undefined || want.state === 'present', {
      error: 'deb is for state present',
      path: ['deb'],
    }),
);

export default state<z.output<typeof params>, AptState>({
  summary: 'Manage packages with apt.',
  params,
  have: readApt,
  diff: aptChanges,
  fix: fixApt,

  verify(want, _before, after) {
    // Right after an update lists count as new, whatever cache_valid_time says.
    return aptChanges({ ...want, cache_valid_time: Math.max(want.cache_valid_time, 600) }, after);
  },

  result: (_want, { lists }) => (lists ? { cache_update_time: lists.updated } : {}),
});
