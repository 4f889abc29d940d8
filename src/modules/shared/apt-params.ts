import { z } from 'zod';
import type { AptWant } from './apt.ts';
import { ansibleBoolean, ansibleList, hostPath, integer, text } from './params.ts';

const word = /^[a-z0-9][a-z0-9+.-]*(:[a-z0-9-]+)?(=[A-Za-z0-9.+~:*?-]+)?$/;

/** Parameters of apt, which package takes too: Ansible hands its own on. */
export const aptParams = {
  name: ansibleList
    .refine((names) => names.every((name) => name === '*' || word.test(name)), {
      error: 'expected package names: name, name=version or name:architecture',
    })
    .optional()
    .describe(
      'Packages; name=1.2* pins a version, in which * and ? stand for anything. A single * with state latest upgrades all.',
    )
    .meta({ aliases: ['package', 'pkg'] }),
  state: z
    .preprocess(
      (value) => (value === 'installed' ? 'present' : value === 'removed' ? 'absent' : value),
      z.enum(['absent', 'build-dep', 'fixed', 'latest', 'present']),
    )
    .default('present')
    .describe(
      'present takes any version that is there; latest the newest that apt would install; fixed is present, and mends broken dependencies where it installs; build-dep: what the packages are built with is there.',
    ),
  update_cache: ansibleBoolean
    .optional()
    .describe(
      'Fetch package lists. With name only when something is to be installed; without name whenever they are older than cache_valid_time.',
    )
    .meta({ aliases: ['update-cache'] }),
  cache_valid_time: integer
    .optional()
    .describe(
      'Seconds for which fetched package lists are good enough. Changed sources end it. When given, update_cache is yes unless said otherwise.',
    ),
  default_release: text
    .optional()
    .describe('Release to install from, as for apt-get -t.')
    .meta({ aliases: ['default-release'] }),
  install_recommends: ansibleBoolean
    .optional()
    .describe('Whether recommended packages are installed too. Default: what the host is set to.')
    .meta({ aliases: ['install-recommends'] }),
  deb: z
    .union([z.url(), hostPath])
    .optional()
    .describe('A .deb file to install: a path of the host, or a URL for it to fetch.'),
  upgrade: z
    .preprocess(
      (value) => (typeof value === 'boolean' ? (value ? 'yes' : 'no') : value),
      z.enum(['no', 'yes', 'safe', 'full', 'dist']),
    )
    .default('no')
    .describe('Upgrade all packages: yes and safe remove nothing, full and dist may.'),
  purge: ansibleBoolean.default(false).describe('Remove configuration files with a package.'),
  autoclean: ansibleBoolean
    .default(false)
    .describe('Delete fetched package files that no source has any more.'),
  clean: ansibleBoolean.default(false).describe('Delete all fetched package files.'),
  allow_unauthenticated: ansibleBoolean
    .default(false)
    .describe('Install packages whose source is not signed. Dangerous.')
    .meta({ aliases: ['allow-unauthenticated'] }),
  force: ansibleBoolean
    .default(false)
    .describe('Install whatever apt would refuse: downgrades, removals, unsigned packages. Dangerous.'),
  update_cache_retries: integer
    .default(5)
    .describe(
      'Taken for the sake of existing playbooks: lists are tried for three times, and while another apt works as long as lock_timeout says.',
    ),
  update_cache_retry_max_delay: integer
    .default(12)
    .describe('Taken for the sake of existing playbooks: there are three seconds between two tries.'),
  auto_install_module_deps: ansibleBoolean
    .default(true)
    .describe('Taken for the sake of existing playbooks: no Python is needed on the host.'),
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
};
const shape = z.object(aptParams);
export type AptParams = z.output<typeof shape>;

/** Rules across the parameters. */
export function aptRules<T extends z.ZodObject<typeof aptParams>>(object: T): T {
  return object
    .refine(
      (want) =>
        want.name ||
        want.deb ||
        want.update_cache ||
        want.cache_valid_time !== undefined ||
        want.autoremove ||
        want.autoclean ||
        want.clean ||
        want.upgrade !== 'no',
      { error: 'give name, deb, update_cache, upgrade, autoremove, autoclean or clean', path: ['name'] },
    )
    .refine((want) => want.deb === undefined || want.state === 'present', {
      error: 'deb is for state present',
      path: ['deb'],
    })
    .refine((want) => !want.name?.includes('*') || (want.name.length === 1 && want.state === 'latest'), {
      error: 'the name * stands alone, with state latest: it upgrades all packages',
      path: ['name'],
    });
}

/** What the parameters mean together: cache_valid_time asks for new lists, and force allows what apt refuses. */
export function aptWish(want: AptParams): AptWant {
  const all = want.name?.includes('*');
  return {
    ...want,
    ...(all ? { name: undefined, upgrade: 'yes' as const } : {}),
    cache_valid_time: want.cache_valid_time ?? 0,
    update_cache: want.update_cache ?? want.cache_valid_time !== undefined,
    fix_broken: want.state === 'fixed',
    allow_downgrade: want.allow_downgrade || want.force,
    allow_change_held_packages: want.allow_change_held_packages || want.force,
    allow_unauthenticated: want.allow_unauthenticated || want.force,
  };
}
