import { flag, list, oneOf, path, pathList, paths, type Reader, whole, words } from './values.ts';

/** Where a setting of Ansible is said: of several that say it, the last counts. */
export interface Sources {
  /** `section.key` of the configuration file. */
  readonly keys: readonly string[];
  /** Variables of the environment, which count before the file. */
  readonly environment: readonly string[];
}

interface Followed<T> extends Sources {
  readonly read: Reader<T>;
}

/** By our name for it: what foobar does as Ansible does. */
export const followed = {
  anyErrorsFatal: setting(flag, ['defaults.any_errors_fatal'], ['ANSIBLE_ANY_ERRORS_FATAL']),
  askVaultPass: setting(flag, ['defaults.ask_vault_pass'], ['ANSIBLE_ASK_VAULT_PASS']),
  askBecomePass: setting(flag, ['privilege_escalation.become_ask_pass'], ['ANSIBLE_BECOME_ASK_PASS']),
  askPass: setting(flag, ['defaults.ask_pass'], ['ANSIBLE_ASK_PASS']),
  become: setting(flag, ['privilege_escalation.become'], ['ANSIBLE_BECOME']),
  becomeMethod: setting(
    (text, around) =>
      oneOf(
        'sudo',
        'su',
        'doas',
      )(words(text, around).replace(/^(?:ansible\.builtin|community\.general)\./, ''), {
        ...around,
        inFile: false,
      }),
    ['privilege_escalation.become_method'],
    ['ANSIBLE_BECOME_METHOD'],
  ),
  becomePasswordFile: setting(path, ['defaults.become_password_file'], ['ANSIBLE_BECOME_PASSWORD_FILE']),
  becomeUser: setting(
    words,
    ['privilege_escalation.become_user', 'sudo_become_plugin.user'],
    ['ANSIBLE_BECOME_USER', 'ANSIBLE_SUDO_USER'],
  ),
  connectionPasswordFile: setting(
    path,
    ['defaults.connection_password_file'],
    ['ANSIBLE_CONNECTION_PASSWORD_FILE'],
  ),
  connection: setting(
    oneOf('ssh', 'smart', 'openssh', 'local'),
    ['defaults.transport'],
    ['ANSIBLE_TRANSPORT'],
  ),
  diff: setting(flag, ['diff.always'], ['ANSIBLE_DIFF_ALWAYS']),
  /** Whether facts are kept between runs. */
  factCaching: setting(
    (text, around) => words(text, around).replace(/^ansible\.(?:builtin|legacy)\./, '') !== 'memory',
    ['defaults.fact_caching'],
    ['ANSIBLE_CACHE_PLUGIN'],
  ),
  forceHandlers: setting(flag, ['defaults.force_handlers'], ['ANSIBLE_FORCE_HANDLERS']),
  forks: setting(whole, ['defaults.forks'], ['ANSIBLE_FORKS']),
  gathering: setting(oneOf('implicit', 'explicit', 'smart'), ['defaults.gathering'], ['ANSIBLE_GATHERING']),
  home: setting(path, ['defaults.home'], ['ANSIBLE_HOME']),
  inventory: setting(pathList, ['defaults.inventory'], ['ANSIBLE_INVENTORY']),
  noLog: setting(flag, ['defaults.no_log'], ['ANSIBLE_NO_LOG']),
  pollInterval: setting(whole, ['defaults.poll_interval'], ['ANSIBLE_POLL_INTERVAL']),
  port: setting(whole, ['defaults.remote_port'], ['ANSIBLE_REMOTE_PORT']),
  privateKey: setting(path, ['defaults.private_key_file'], ['ANSIBLE_PRIVATE_KEY_FILE']),
  collectionsPath: setting(paths, ['defaults.collections_path'], ['ANSIBLE_COLLECTIONS_PATH']),
  rolesPath: setting(paths, ['defaults.roles_path'], ['ANSIBLE_ROLES_PATH']),
  skipTags: setting(list, ['tags.skip'], ['ANSIBLE_SKIP_TAGS']),
  sshArgs: setting(words, ['ssh_connection.ssh_args'], ['ANSIBLE_SSH_ARGS']),
  sshCommonArgs: setting(words, ['ssh_connection.ssh_common_args'], ['ANSIBLE_SSH_COMMON_ARGS']),
  sshExtraArgs: setting(words, ['ssh_connection.ssh_extra_args'], ['ANSIBLE_SSH_EXTRA_ARGS']),
  strategy: setting(
    // Mitogen's are Ansible's own with another way to run modules, which is none of foobar's.
    (text, around) => {
      const name = words(text, around).replace(/^ansible\.(?:builtin|legacy)\.|^mitogen_/, '');
      return oneOf('linear', 'free', 'host_pinned')(name, around) === 'linear' ? 'linear' : 'free';
    },
    ['defaults.strategy'],
    ['ANSIBLE_STRATEGY'],
  ),
  tags: setting(list, ['tags.run'], ['ANSIBLE_RUN_TAGS']),
  taskTimeout: setting(whole, ['defaults.task_timeout'], ['ANSIBLE_TASK_TIMEOUT']),
  timeout: setting(
    whole,
    ['defaults.timeout', 'ssh_connection.timeout'],
    ['ANSIBLE_TIMEOUT', 'ANSIBLE_SSH_TIMEOUT'],
  ),
  user: setting(words, ['defaults.remote_user'], ['ANSIBLE_REMOTE_USER']),
  vaultEncryptIdentity: setting(
    words,
    ['defaults.vault_encrypt_identity'],
    ['ANSIBLE_VAULT_ENCRYPT_IDENTITY'],
  ),
  vaultIdentityList: setting(list, ['defaults.vault_identity_list'], ['ANSIBLE_VAULT_IDENTITY_LIST']),
  vaultPasswordFile: setting(path, ['defaults.vault_password_file'], ['ANSIBLE_VAULT_PASSWORD_FILE']),
} as const;

type Read<T> = T extends Followed<infer Value> ? Value : never;

/** What the settings say; absent where none is said. */
export type Settings = { readonly [Name in keyof typeof followed]?: Read<(typeof followed)[Name]> };

function setting<T>(read: Reader<T>, keys: readonly string[], environment: readonly string[]): Followed<T> {
  return { read, keys, environment };
}
