import { type Command, InvalidArgumentError, Option } from 'commander';
import { type PasswordFlags, passwordOptions, passwordSources } from './cli/passwords.ts';
import { type VaultFlags, vaultOptions, vaultSources } from './cli/vault.ts';
import type { RunOptions } from './commands/options.ts';

/** What commander reads from the command line of a command that goes over a project. */
export interface Flags extends VaultFlags, PasswordFlags {
  readonly inventory?: string[];
  readonly playbook?: string;
  readonly limit?: string;
  readonly tags?: string[];
  readonly skipTags?: string[];
  readonly check?: boolean;
  readonly diff?: boolean;
  readonly forks?: number;
  readonly extraVars?: string[];
  readonly output?: 'live' | 'plain' | 'json';
  readonly verbose: number;
  readonly user?: string;
  readonly privateKey?: string;
  readonly keyFile?: string;
  readonly become?: boolean;
  readonly becomeUser?: string;
  readonly becomeMethod?: string;
  readonly startAtTask?: string;
  readonly step?: boolean;
  readonly forceHandlers?: boolean;
  readonly flushCache?: boolean;
  readonly listHosts?: boolean;
  readonly listTasks?: boolean;
  readonly listTags?: boolean;
  readonly retryFile?: string;
  readonly profile?: string;
}

type Add = (command: Command) => Command;

const list = (value: string, before: string[] = []) => [...before, ...value.split(',').filter(Boolean)];
const collect = (value: string, before: string[] = []) => [...before, value];

function whole(value: string): number {
  const number = Number(value);
  if (!Number.isInteger(number) || number < 1)
    throw new InvalidArgumentError('A number from 1 on is needed.');
  return number;
}

const sources = 'inventory: a file (YAML, INI), a program, a folder of these, or host1,host2,';

/** What every command that reads a project takes; ansible.cfg may name the inventory. Options are named as Ansible's. */
export const configuredProject: Add = (command) =>
  projectOptions(command.argument('[inventory]', `${sources} (default: of ansible.cfg)`));

/** The same for commands that go over a playbook. */
export const playbookProject: Add = (command) =>
  configuredProject(command).argument('[playbook]', 'playbook to read, as --playbook');

const projectOptions: Add = (command) =>
  passwordOptions(vaultOptions(command))
    .option('-i, --inventory <source>', 'another source, which overrides; may be given again', collect)
    .option('--playbook <file>', 'playbook to read (default: site.yaml, here or in playbooks/)')
    .option('-l, --limit <pattern>', 'only these hosts: names, groups, web:!web1')
    .option('-e, --extra-vars <vars>', 'variables that win: name=value, {json} or @file', collect)
    .option('-v, --verbose', 'say more; up to -vvv', (_value, before: number) => before + 1, 0);

export const tags: Add = (command) =>
  command
    .option('-t, --tags <tags>', 'only tasks with these tags', list)
    .option('--skip-tags <tags>', 'all tasks but those with these tags', list);

/** Who logs in and who works, where the project says nothing of it. */
export const users: Add = (command) =>
  command
    .option('-u, --user <name>', 'log in as this user')
    .option('--private-key <file>', 'log in with this key')
    .addOption(new Option('--key-file <file>').hideHelp())
    .option('-b, --become', 'become root on the hosts, or --become-user')
    .option('--become-user <name>', 'the user to become')
    .addOption(new Option('--become-method <name>', 'how (default: sudo)').choices(['sudo', 'su', 'doas']));

/** What part of a playbook a run goes through. */
export const course: Add = (command) =>
  command
    .option('--start-at-task <name>', 'begin with the task of this name; * and ? stand for anything')
    .option('--step', 'ask before each task: yes, no or continue without asking')
    .option('--force-handlers', 'run handlers also on hosts that failed')
    .option('--flush-cache', 'forget the facts of hosts that were kept from earlier runs')
    .option('--retry-file <file>', 'write the hosts that failed there, for --limit @file')
    .option('--list-hosts', 'only list the hosts; contacts nobody')
    .option('--list-tasks', 'only list the tasks')
    .option('--list-tags', 'only list the tags');

/** `--check` and `--diff`, which `plan` implies. */
export const modes: Add = (command) =>
  command
    .option('-C, --check', 'change nothing, say what would be changed')
    .option('-D, --diff', 'show what changes as differences');

export const forks: Add = (command) =>
  command.option('-f, --forks <number>', 'hosts to connect to at the same time (default: 50)', whole);

/** What may follow `--profile`; anything else after it is a word of its own. */
const profileFile = /\.(html|json)$/;

/** For commands that run tasks. */
export const profile: Add = (command) =>
  command.option(
    '--profile [file]',
    'say where the time went; as a timeline in FILE.html or as data in FILE.json',
    (value) => {
      if (value !== '' && !profileFile.test(value))
        throw new InvalidArgumentError('A file that ends in .html or .json is needed.');
      return value;
    },
  );

/** Words of the command line in which `--profile` takes no word that is not its file, such as INVENTORY. */
export function profileApart(words: readonly string[]): string[] {
  const end = words.includes('--') ? words.indexOf('--') : words.length;
  return words.map((word, index) =>
    word === '--profile' && index < end && !profileFile.test(words[index + 1] ?? '') ? '--profile=' : word,
  );
}

export const output: Add = (command) =>
  kinds(command, ['live', 'plain', 'json'], 'live on a terminal, else plain');

/** For commands whose answer is one table. */
export const tableOutput: Add = (command) => kinds(command, ['plain', 'json'], 'plain');

function kinds(command: Command, choices: readonly string[], standard: string): Command {
  return command.addOption(
    new Option('--output <kind>', `how to report (default: ${standard})`).choices(choices),
  );
}

/** What was named without an option. */
export interface Files {
  readonly inventory?: string | undefined;
  readonly playbook?: string | undefined;
}

/** Which part of a project is meant. */
export function selection({ inventory, playbook }: Files, flags: Flags) {
  const named = playbook ?? flags.playbook;
  return {
    inventory: [...(inventory === undefined ? [] : [inventory]), ...(flags.inventory ?? [])],
    tags: flags.tags ?? [],
    skipTags: flags.skipTags ?? [],
    extraVars: flags.extraVars ?? [],
    vault: vaultSources(flags),
    passwords: passwordSources(flags),
    ...(named !== undefined && { playbook: named }),
    ...(flags.limit !== undefined && { limit: flags.limit }),
  };
}

/** What a run is asked for. */
export function runOptions(files: Files, flags: Flags, signal: AbortSignal): RunOptions {
  return {
    ...selection(files, flags),
    check: flags.check === true,
    diff: flags.diff === true,
    verbosity: flags.verbose,
    signal,
    ...(flags.forks !== undefined && { forks: flags.forks }),
    ...usersOf(flags),
    ...courseOf(flags),
    ...(flags.output !== undefined && { output: flags.output }),
    ...(flags.profile !== undefined && { profile: flags.profile }),
  };
}

/** Who logs in and who works. */
export function usersOf({ user, privateKey, keyFile, become, becomeUser, becomeMethod }: Flags) {
  const key = privateKey ?? keyFile;
  return {
    ...(user !== undefined && { user }),
    ...(key !== undefined && { privateKey: key }),
    ...(become && { become }),
    ...(becomeUser !== undefined && { becomeUser }),
    ...(becomeMethod !== undefined && { becomeMethod }),
  };
}

function courseOf({ startAtTask, step, forceHandlers, flushCache, retryFile, ...flags }: Flags) {
  const lists = (['hosts', 'tasks', 'tags'] as const).filter(
    (kind) => flags[`list${kind.charAt(0).toUpperCase()}${kind.slice(1)}` as keyof typeof flags],
  );
  return {
    ...(startAtTask !== undefined && { startAtTask }),
    ...(step && { step }),
    ...(forceHandlers && { forceHandlers }),
    ...(flushCache && { flushCache }),
    ...(retryFile !== undefined && { retryFile }),
    ...(lists.length > 0 && { lists }),
  };
}

/** The same for commands that report in their own way. */
export function quietOptions(files: Files, flags: Omit<Flags, 'output'>, signal: AbortSignal) {
  const { output: _output, ...options } = runOptions(files, flags, signal);
  return options;
}
