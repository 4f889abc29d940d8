import { type Configuration, readConfiguration } from '../config/configuration.ts';
import type { Settings } from '../config/settings.ts';
import { type Problem, ProjectError } from '../errors.ts';
import { becomePasswords } from '../host/become-settings.ts';
import { readArguments, SshOptions } from '../host/ssh-options.ts';
import type { Play, Playbook, Task } from '../playbook/contract.ts';
import { sourceOf } from '../playbook/sources.ts';
import type { VaultSources } from '../vault/passwords.ts';
import { everywhere } from './defaults.ts';
import type { RunOptions } from './options.ts';
import { givenPasswords } from './passwords.ts';

type Given = Pick<RunOptions, 'inventory' | 'tags' | 'skipTags' | 'configuration'> & Partial<RunOptions>;
type Configured<T> = T & { readonly configuration: Configuration };

/** Options with what ansible.cfg and the environment say where the command line says nothing. */
export function configured<T extends Given>(options: T): Configured<T> {
  const configuration = checked(options.configuration ?? readConfiguration());
  const { become, becomeUser, diff, forceHandlers, forks, inventory, skipTags, tags } = configuration;
  const none = (given: string | readonly string[]) => [given].flat().length === 0;
  return {
    ...options,
    configuration,
    ...(none(options.inventory) && inventory !== undefined && { inventory }),
    ...(options.tags.length === 0 && tags !== undefined && { tags }),
    ...(options.skipTags.length === 0 && skipTags !== undefined && { skipTags }),
    ...(diff && { diff }),
    ...(forceHandlers && { forceHandlers }),
    ...(become && { become }),
    ...(options.becomeUser === undefined && becomeUser !== undefined && { becomeUser }),
    ...(options.forks === undefined && forks !== undefined && forks > 0 && { forks }),
  };
}

/** @throws ProjectError when there is neither an argument nor a setting */
export function needsInventory({
  inventory,
  configuration,
}: Configured<Pick<RunOptions, 'inventory'>>): void {
  if ([inventory].flat().length > 0) return;
  throw new ProjectError([
    ...configuration.problems,
    {
      message: 'no inventory is named',
      hint: 'give it as an argument, or say inventory = FILE under [defaults] in ansible.cfg',
      severity: 'error',
    },
  ]);
}

/** A playbook with what the configuration says where the playbook says nothing. */
export function configuredPlaybook(playbook: Playbook, configuration: Configuration): Playbook {
  const { anyErrorsFatal, gathering, noLog, pollInterval, strategy, taskTimeout } = configuration;
  const play = (given: Play): Partial<Play> => ({
    ...(gathering === 'explicit' && { gatherFacts: given.gatherFacts && saysGather(given) }),
    ...(gathering === 'smart' && { gathersOnce: true }),
    ...(strategy && !given.strategy && { strategy }),
    ...(anyErrorsFatal && given.anyErrorsFatal === undefined && { anyErrorsFatal }),
  });
  const task = (given: Task): Partial<Task> => ({
    ...(noLog && isNothing(given.noLog) && { noLog }),
    ...(taskTimeout && isNothing(given.timeout) && { timeout: taskTimeout }),
    ...(pollInterval !== undefined && isNothing(given.poll) && { poll: pollInterval }),
  });
  return everywhere(playbook, play, task);
}

function saysGather(play: Play): boolean {
  return !isNothing(sourceOf(play).gather_facts);
}

function isNothing(value: unknown): boolean {
  return value === undefined || value === null;
}

/** Where vault passwords come from besides the command line, named as Ansible's variables. */
export function configuredVault(
  sources: VaultSources,
  { askVaultPass, vaultIdentityList, vaultPasswordFile }: Configuration,
): { sources: VaultSources; environment: Readonly<Record<string, string>> } {
  return {
    sources: { ...sources, ask: sources.ask || askVaultPass === true },
    environment: {
      ...(vaultIdentityList && { ANSIBLE_VAULT_IDENTITY_LIST: vaultIdentityList.join(',') }),
      ...(vaultPasswordFile !== undefined && { ANSIBLE_VAULT_PASSWORD_FILE: vaultPasswordFile }),
    },
  };
}

/** Variables of a host that say how it is reached, each under all its names, with what counts when none is set. */
export function connectionDefaults(configuration: Settings): readonly [readonly string[], unknown][] {
  const { becomeMethod, connection, port, privateKey, sshArgs, sshCommonArgs, sshExtraArgs, timeout, user } =
    configuration;
  return [
    [['ansible_become_method'], becomeMethod],
    [becomePasswords, givenPasswords().become],
    [['ansible_password', 'ansible_ssh_pass', 'ansible_ssh_password'], givenPasswords().login],
    [['ansible_connection'], connection],
    [['ansible_port', 'ansible_ssh_port'], port],
    [['ansible_ssh_private_key_file', 'ansible_private_key_file'], privateKey],
    [['ansible_ssh_args'], sshArgs],
    [['ansible_ssh_common_args'], sshCommonArgs],
    [['ansible_ssh_extra_args'], sshExtraArgs],
    [['ansible_ssh_timeout', 'ansible_timeout'], timeout],
    [['ansible_user', 'ansible_ssh_user'], user],
  ];
}

function checked(configuration: Configuration): Configuration {
  return { ...configuration, problems: [...configuration.problems, ...sshProblems(configuration)] };
}

/** What foobar does not follow of the arguments of ssh, known before any host is connected to. */
function sshProblems(configuration: Configuration): Problem[] {
  return (['sshArgs', 'sshCommonArgs', 'sshExtraArgs'] as const).flatMap((name) => {
    const options = new SshOptions();
    const problems: Problem[] = [];
    const complain = (message: string, hint: string) =>
      problems.push({ message, hint, place: configuration.placeOf(name), severity: 'error' });
    readArguments(configuration[name] ?? '', options, (word) => {
      if (configuration.connection === 'openssh') return;
      complain(
        `the arguments of ssh hold ${JSON.stringify(word)}, which foobar does not follow`,
        "connection = openssh (the system's ssh) takes what ssh takes",
      );
    });
    const strict = options.get('StrictHostKeyChecking') ?? 'ask';
    if (!['yes', 'true', 'ask', 'accept-new'].includes(strict.toLowerCase()))
      complain(
        `StrictHostKeyChecking=${strict} would accept any host`,
        'foobar always checks host keys; accept-new writes those down of hosts that nobody knows yet',
      );
    return problems;
  });
}
