import { readFileSync } from 'node:fs';
import { Argument, Command } from 'commander';
import type { ExitCode } from '../errors.ts';
import {
  configuredProject,
  course,
  type Flags,
  forks,
  modes,
  output,
  playbookProject,
  profile,
  quietOptions,
  runOptions,
  selection,
  tableOutput,
  tags,
  users,
} from '../flags.ts';
import { interruptible } from '../interrupt.ts';
import type { SchemaKind } from '../schema/json.ts';
import { shipped } from '../shipped.ts';
import { addLab } from './lab.ts';
import { addRecovery } from './recovery.ts';
import { addVault } from './vault.ts';
import { inventoryAndPlaybook, inventoryFirst } from './words.ts';

type TableFlags = Flags & { readonly output?: 'plain' | 'json' };

type VerifyFlags = TableFlags & { readonly network?: boolean; readonly svg?: string };

type AdHocFlags = TableFlags & { readonly moduleName?: string; readonly args?: string };

type PlaybookArguments<F = Flags> = [inventory: string | undefined, playbook: string | undefined, flags: F];

type HostArguments = [
  ...words: [string | undefined, string | undefined, string | undefined],
  flags: TableFlags,
  command: Command,
];

type AdHocArguments = [
  ...words: [string | undefined, string | undefined, string[]],
  flags: AdHocFlags,
  command: Command,
];

/**
 * The command line; `end` gets the exit code. Commands are imported when they are asked for: `foobar --help` needs
 * none of them.
 */
export function program(end: (code: ExitCode) => void): Command {
  const { version } = JSON.parse(readFileSync(new URL('package.json', shipped), 'utf8'));
  const foobar = new Command('foobar')
    .description('Provisions servers over SSH: what Ansible users know, at the speed of one login.')
    .version(version, '-V, --version', 'show the version')
    .helpOption('-h, --help', 'show help')
    .helpCommand('help [command]', 'show help for a command')
    .showHelpAfterError('(--help shows what there is)')
    .exitOverride();
  const add = (name: string, ...parts: ((command: Command) => Command)[]) =>
    parts.reduce((command, part) => part(command), foobar.command(name));

  add('provision', playbookProject, tags, users, course, modes, forks, profile, output)
    .description('bring the hosts to what the playbook says')
    .action(async (...[inventory, playbook, flags]: PlaybookArguments) => {
      const { provision } = await import('../commands/provision.ts');
      const files = inventoryAndPlaybook(inventory, playbook);
      end(await interruptible((signal) => provision(runOptions(files, flags, signal))));
    });

  add('plan', playbookProject, tags, users, course, forks, profile, output)
    .description('show what provision would change; exit code 2 when it would')
    .action(async (...[inventory, playbook, flags]: PlaybookArguments) => {
      const { provision } = await import('../commands/provision.ts');
      const files = inventoryAndPlaybook(inventory, playbook);
      const asked = { ...flags, check: true, diff: true };
      end(
        await interruptible((signal) =>
          provision({ ...runOptions(files, asked, signal), exitOnChanges: true }),
        ),
      );
    });

  add('verify', playbookProject, tags, tableOutput)
    .description('check from outside what a provisioned site promises')
    .option('--network', 'try every host to every host, and this machine to every host, against the flows')
    .option('--svg <file>', 'with --network: draw the flows, what differs in red')
    .action(async (...[inventory, playbook, flags]: PlaybookArguments<VerifyFlags>) => {
      const { output, network, svg } = flags;
      const options = {
        ...selection(inventoryAndPlaybook(inventory, playbook), flags),
        verbosity: flags.verbose,
        ...(output !== undefined && { output }),
      };
      if (svg !== undefined && !network) foobar.error("error: option '--svg <file>' needs --network");
      if (network) {
        const { verifyNetwork } = await import('../commands/verify-network.ts');
        end(await verifyNetwork({ ...options, ...(svg !== undefined && { svg }) }));
      } else {
        const { verify } = await import('../commands/verify.ts');
        end(await verify(options));
      }
    });

  add('flows', playbookProject, tableOutput)
    .description('show who may talk to whom; contacts nobody')
    .option('--svg <file>', 'draw it')
    .action(async (...[inventory, playbook, flags]: PlaybookArguments<TableFlags & { svg?: string }>) => {
      const { flows } = await import('../commands/flows.ts');
      const { output, svg } = flags;
      end(
        await flows({
          ...selection(inventoryAndPlaybook(inventory, playbook), flags),
          ...(output !== undefined && { output }),
          ...(svg !== undefined && { svg }),
        }),
      );
    });

  add('certificates', configuredProject, modes, forks, output)
    .description('list the kept certificates and renew those that are due')
    .option('--list', 'only list them; contacts nobody')
    .action(async (inventory: string | undefined, flags: Flags & { list?: boolean }) => {
      const { certificates } = await import('../commands/certificates.ts');
      end(
        await interruptible((signal) =>
          certificates({ ...runOptions({ inventory }, flags, signal), list: flags.list === true }),
        ),
      );
    });

  add('check', playbookProject, tags)
    .description('read the whole project and list every mistake; contacts no host')
    .option('--json', 'print all problems as JSON, for editors')
    .action(async (...[inventory, playbook, flags]: PlaybookArguments<Flags & { json?: boolean }>) => {
      const { check } = await import('../commands/check.ts');
      const files = inventoryAndPlaybook(inventory, playbook);
      end(await check({ ...selection(files, flags), json: flags.json === true, verbosity: flags.verbose }));
    });

  add('explain', configuredProject, tableOutput)
    .description("show a host's variables, where each was said and what it overrides; contacts no host")
    .argument('[host]', 'name of the host')
    .argument('[variable]', 'only this variable')
    .action(async (...[first, second, third, flags, command]: HostArguments) => {
      const { explain } = await import('../commands/explain.ts');
      const { output } = flags;
      const { inventory, rest } = inventoryFirst([first, second, third]);
      const [host = missing(command, 'host'), variable] = rest;
      end(
        await explain({
          ...selection({ inventory }, flags),
          host,
          ...(variable !== undefined && { variable }),
          ...(output !== undefined && { output }),
        }),
      );
    });

  add('run', configuredProject, users, modes, forks, profile, tableOutput)
    .description(
      'one task on hosts without a playbook: run INVENTORY PATTERN -m MODULE -a ARGS, or -- COMMAND',
    )
    .argument('[pattern]', 'hosts: names, groups, web:!web1')
    .argument('[words...]', 'a command and its words, after --')
    .option('-m, --module-name <name>', 'module (default: command)')
    .option('-a, --args <args>', 'its parameters: name=value ..., JSON, or a command line')
    .action(async (...[first, second, words, flags, self]: AdHocArguments) => {
      const { run } = await import('../commands/run.ts');
      const { moduleName, args, output, ...others } = flags;
      const { inventory, rest } = inventoryFirst([first, second, ...words]);
      const [pattern = missing(self, 'pattern'), ...command] = rest;
      end(
        await interruptible((signal) =>
          run({
            ...quietOptions({ inventory }, others, signal),
            pattern,
            command,
            ...(moduleName !== undefined && { module: moduleName }),
            ...(args !== undefined && { args }),
            ...(output !== undefined && { output }),
          }),
        ),
      );
    });

  add('facts', configuredProject, users, tableOutput)
    .description('show what a host tells about itself, under the names of ansible_facts')
    .argument('[host]', 'name of the host')
    .argument('[filter]', 'only facts of these names; * and ? stand for anything')
    .action(async (...[first, second, third, flags, command]: HostArguments) => {
      const { facts } = await import('../commands/facts.ts');
      const { output, ...others } = flags;
      const { inventory, rest } = inventoryFirst([first, second, third]);
      const [host = missing(command, 'host'), filter] = rest;
      end(
        await interruptible((signal) =>
          facts({
            ...quietOptions({ inventory }, others, signal),
            host,
            ...(filter !== undefined && { filter }),
            ...(output !== undefined && { output }),
          }),
        ),
      );
    });

  foobar
    .command('schema')
    .description('print the JSON schema of a kind of file, for editors')
    .addArgument(
      new Argument('[kind]', 'what the file holds')
        .choices(['playbook', 'tasks', 'role', 'inventory'])
        .default('playbook'),
    )
    .action(async (kind: SchemaKind) => {
      const { schema } = await import('../commands/schema.ts');
      end(await schema(kind));
    });

  add('ping', configuredProject)
    .description('log in to the hosts and become the user that provisions them')
    .argument('[pattern]', 'only these hosts, as --limit')
    .action(async (inventory: string | undefined, pattern: string | undefined, flags: Flags) => {
      const { ping } = await import('../commands/ping.ts');
      const limit = pattern ?? flags.limit;
      end(await ping(selection({ inventory }, { ...flags, ...(limit !== undefined && { limit }) })));
    });

  add('trust', configuredProject, tableOutput)
    .description("show hosts' keys with what known_hosts says of them, and write down those of new hosts")
    .argument('[pattern]', 'only these hosts, as --limit')
    .option('-y, --yes', 'write new ones without asking; never means one that changed')
    .action(async (...[inventory, pattern, flags]: PlaybookArguments<TableFlags & { yes?: boolean }>) => {
      const { trust } = await import('../commands/trust.ts');
      const { output, yes } = flags;
      const limit = pattern ?? flags.limit;
      const asked = selection({ inventory }, { ...flags, ...(limit !== undefined && { limit }) });
      end(await trust({ ...asked, yes: yes === true, ...(output !== undefined && { output }) }));
    });

  addRecovery(foobar, end);
  addVault(foobar, end);
  addLab(foobar, end);

  foobar
    .command('init')
    .description("start a site of one's own: copies inventory and playbooks")
    .argument('<dir>', 'a new or empty folder')
    .action(async (directory: string) => {
      end(await (await import('../commands/init.ts')).init(directory));
    });
  return foobar;
}

function missing(command: Command, argument: string): never {
  return command.error(`error: missing required argument '${argument}'`);
}
