#!/usr/bin/env node
import { readFileSync } from 'node:fs';
import { Command, CommanderError, InvalidArgumentError, Option } from 'commander';
import type { RunOptions } from './commands/options.ts';
import { ExitCode } from './errors.ts';
import { failure } from './failure.ts';
import { interruptible } from './interrupt.ts';

interface RunFlags {
  playbook?: string;
  limit?: string;
  tags?: string[];
  skipTags?: string[];
  check?: boolean;
  diff?: boolean;
  forks?: number;
  extraVars?: string[];
  output?: 'live' | 'plain' | 'json';
  verbose: number;
}

let exitCode: ExitCode = ExitCode.done;

const list = (value: string, before: string[] = []) => [...before, ...value.split(',').filter(Boolean)];
const collect = (value: string, before: string[] = []) => [...before, value];

function whole(value: string): number {
  const number = Number(value);
  if (!Number.isInteger(number) || number < 1)
    throw new InvalidArgumentError('A number from 1 on is needed.');
  return number;
}

/** Options of every command that reads a project, named as Ansible's. */
function ofProject(command: Command): Command {
  return command
    .argument('<inventory>', 'inventory file, for example inventory/prod.yaml')
    .option('--playbook <file>', 'playbook to read (default: playbooks/site.yaml)')
    .option('-l, --limit <pattern>', 'only these hosts: names, groups, web:!web1')
    .option('-t, --tags <tags>', 'only tasks with these tags', list)
    .option('--skip-tags <tags>', 'all tasks but those with these tags', list)
    .option('-e, --extra-vars <vars>', 'variables that win: name=value, {json} or @file', collect)
    .option('-v, --verbose', 'say more; up to -vvv', (_value, before: number) => before + 1, 0);
}

function withOutput(command: Command, choices: readonly string[]): Command {
  const standard = choices.includes('live') ? 'live on a terminal, else plain' : 'plain';
  return command.addOption(
    new Option('--output <kind>', `how to report (default: ${standard})`).choices(choices),
  );
}

function ofRun(command: Command): Command {
  return withOutput(ofProject(command), ['live', 'plain', 'json']).option(
    '-f, --forks <number>',
    'hosts to connect to at the same time (default: 50)',
    whole,
  );
}

function selection(inventory: string, flags: RunFlags) {
  const { playbook, limit, tags = [], skipTags = [], extraVars = [] } = flags;
  return {
    inventory,
    tags,
    skipTags,
    extraVars,
    ...(playbook !== undefined && { playbook }),
    ...(limit !== undefined && { limit }),
  };
}

async function provision(inventory: string, flags: RunFlags, plan: boolean): Promise<void> {
  const options: Omit<RunOptions, 'signal'> = {
    ...selection(inventory, flags),
    check: plan || flags.check === true,
    diff: plan || flags.diff === true,
    verbosity: flags.verbose,
    exitOnChanges: plan,
    ...(flags.forks !== undefined && { forks: flags.forks }),
    ...(flags.output !== undefined && { output: flags.output }),
  };
  exitCode = await interruptible(async (signal) =>
    (await import('./commands/provision.ts')).provision({ ...options, signal }),
  );
}

function program(): Command {
  const { version } = JSON.parse(readFileSync(new URL('../package.json', import.meta.url), 'utf8'));
  const foobar = new Command('foobar')
    .description('Provisions servers over SSH: what Ansible users know, at the speed of one login.')
    .version(version, '-V, --version', 'show the version')
    .helpOption('-h, --help', 'show help')
    .helpCommand('help [command]', 'show help for a command')
    .showHelpAfterError('(--help shows what there is)')
    .exitOverride();

  ofRun(foobar.command('provision'))
    .description('bring the hosts to what the playbook says')
    .option('-C, --check', 'change nothing, say what would be changed')
    .option('-D, --diff', 'show what changes as differences')
    .action((inventory: string, flags: RunFlags) => provision(inventory, flags, false));

  ofRun(foobar.command('plan'))
    .description('show what provision would change; exit code 2 when it would')
    .action((inventory: string, flags: RunFlags) => provision(inventory, flags, true));

  withOutput(ofProject(foobar.command('verify')), ['plain', 'json'])
    .description('check from outside what a provisioned site promises')
    .action(async (inventory: string, flags: RunFlags & { output?: 'plain' | 'json' }) => {
      const { verify } = await import('./commands/verify.ts');
      exitCode = await verify({
        ...selection(inventory, flags),
        verbosity: flags.verbose,
        ...(flags.output !== undefined && { output: flags.output }),
      });
    });

  ofProject(foobar.command('check'))
    .description('read the whole project and list every mistake; contacts no host')
    .action(async (inventory: string, flags: RunFlags) => {
      exitCode = await (await import('./commands/check.ts')).check(selection(inventory, flags));
    });

  ofProject(foobar.command('ping'))
    .description('log in to the hosts and become the user that provisions them')
    .argument('[pattern]', 'only these hosts, as --limit')
    .action(async (inventory: string, pattern: string | undefined, flags: RunFlags) => {
      const limit = pattern ?? flags.limit;
      const options = { ...flags, ...(limit !== undefined && { limit }) };
      exitCode = await (await import('./commands/ping.ts')).ping(selection(inventory, options));
    });

  addLab(foobar);

  foobar
    .command('init')
    .description("start a site of one's own: copies inventory and playbooks")
    .argument('<dir>', 'a new or empty folder')
    .action(async (directory: string) => {
      exitCode = await (await import('./commands/init.ts')).init(directory);
    });
  return foobar;
}

function addLab(foobar: Command): void {
  const lab = foobar.command('lab').description('the hosts of an inventory as containers on this machine');
  const run = async (command: import('./commands/lab.ts').LabCommand) => {
    exitCode = await (await import('./commands/lab.ts')).runLab(command);
  };
  const standard = 'inventory/lab.yaml';
  const inventory = ['-i, --inventory <file>', 'inventory of the lab', standard] as const;

  const whole = {
    up: 'start every host and the outside world; what is up stays as it is',
    down: 'stop every host; the disks are kept',
    status: 'show the hosts and whether they are up',
  } as const;
  for (const [action, text] of Object.entries(whole) as [keyof typeof whole, string][])
    lab
      .command(action)
      .description(text)
      .argument('[inventory]', 'inventory of the lab', standard)
      .action((file: string) => run({ action, inventory: file }));

  lab
    .command('exec')
    .description('run a command on a host, as root: lab exec web1 -- CMD')
    .argument('<host>')
    .argument('[command...]')
    .option(...inventory)
    .action((host: string, command: string[], flags: { inventory: string }) =>
      run({ action: 'exec', host, inventory: flags.inventory, ...(command.length > 0 && { command }) }),
    );

  const single = {
    destroy: 'lose a host with its disk',
    cut: 'cut a host off the network',
    join: 'give a host its network back',
  } as const;
  for (const [action, text] of Object.entries(single) as [keyof typeof single, string][])
    lab
      .command(action)
      .description(text)
      .argument('<host>')
      .option(...inventory)
      .action((host: string, flags: { inventory: string }) => run({ action, host, ...flags }));
  lab
    .command('stop')
    .description('shut a host down')
    .argument('<host>')
    .option(...inventory)
    .option('--hard', 'cut its power instead')
    .action((host: string, flags: { inventory: string; hard?: boolean }) =>
      run({ action: 'stop', host, ...flags }),
    );
  lab
    .command('start')
    .description('start a host, with an empty disk when it was destroyed')
    .argument('<host>')
    .option(...inventory)
    .option('--keep-known-hosts', 'do not learn the host key that a new disk has')
    .action((host: string, flags: { inventory: string; keepKnownHosts?: boolean }) =>
      run({ action: 'start', host, ...flags }),
    );
}

process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  if (error.code !== 'EPIPE') throw error;
  process.exit(exitCode);
});

try {
  const foobar = program();
  if (process.argv.length <= 2) foobar.help();
  await foobar.parseAsync();
} catch (error) {
  // What commander has to say it has said; wrong usage is a project that is wrong, no host was contacted.
  if (error instanceof CommanderError) exitCode = error.exitCode === 0 ? ExitCode.done : ExitCode.project;
  else {
    const { text, code } = failure(error);
    process.stderr.write(text);
    exitCode = code;
  }
}
process.exitCode = exitCode;
// Connections that were given up may still be open.
if (exitCode === ExitCode.interrupted) process.stdout.write('', () => process.exit());
