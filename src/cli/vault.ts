import { type Command, Option } from 'commander';
import type { ExitCode } from '../errors.ts';
import type { VaultSources } from '../vault/passwords.ts';

const collect = (value: string, before: string[] = []) => [...before, value];

/** What commander reads of where vault passwords come from. */
export interface VaultFlags {
  readonly vaultId?: string[];
  readonly vaultPasswordFile?: string[];
  readonly vaultPassFile?: string[];
  readonly askVaultPass?: boolean;
  readonly askVaultPassword?: boolean;
}

/** Where vault passwords come from; named as Ansible's options. */
export const vaultOptions = (command: Command): Command =>
  command
    .option('--vault-id <id@source>', 'vault password by id: from a file, a program or prompt', collect)
    .option('--vault-password-file <file>', 'file or program that gives the vault password', collect)
    .addOption(new Option('--vault-pass-file <file>').argParser(collect).hideHelp())
    .option('-J, --ask-vault-pass', 'ask for the vault password')
    .addOption(new Option('--ask-vault-password').hideHelp());

export function vaultSources(flags: VaultFlags): VaultSources {
  return {
    vaultIds: flags.vaultId ?? [],
    passwordFiles: [...(flags.vaultPasswordFile ?? []), ...(flags.vaultPassFile ?? [])],
    ask: flags.askVaultPass === true || flags.askVaultPassword === true,
  };
}

interface Given extends VaultFlags {
  readonly output?: string;
  readonly encryptVaultId?: string;
}

const base = (files: string[], flags: Given) => ({
  sources: vaultSources(flags),
  files,
  ...(flags.output !== undefined && { output: flags.output }),
  ...(flags.encryptVaultId !== undefined && { encryptVaultId: flags.encryptVaultId }),
});

/** `foobar vault ...`: the words of ansible-vault. */
export function addVault(foobar: Command, end: (code: ExitCode) => void): void {
  const vault = foobar
    .command('vault')
    .description('encrypt and decrypt files and values as ansible-vault does');
  const commands = () => import('../commands/vault.ts');
  const add = (name: string, argument: string, ...parts: ((command: Command) => Command)[]) =>
    [...parts, vaultOptions].reduce((command, part) => part(command), vault.command(name).argument(argument));
  const output = (command: Command) =>
    command.option('--output <file>', 'write there instead; - is standard output');
  const encryptId = (command: Command) =>
    command.option('--encrypt-vault-id <id>', 'which of several vault passwords encrypts');

  add('encrypt', '[files...]', output, encryptId)
    .description('encrypt files in place, or standard input')
    .action(async (files: string[], flags: Given) =>
      end(await (await commands()).vaultEncrypt(base(files, flags))),
    );
  add('decrypt', '[files...]', output)
    .description('decrypt files in place, or standard input')
    .action(async (files: string[], flags: Given) =>
      end(await (await commands()).vaultDecrypt(base(files, flags))),
    );
  add('view', '<files...>')
    .description('show what encrypted files hold')
    .action(async (files: string[], flags: Given) =>
      end(await (await commands()).vaultView(base(files, flags))),
    );
  add('create', '<file>', encryptId)
    .description('write a new encrypted file in $EDITOR')
    .action(async (file: string, flags: Given) =>
      end(await (await commands()).vaultCreate(base([file], flags))),
    );
  add('edit', '<files...>')
    .description('change encrypted files in $EDITOR')
    .action(async (files: string[], flags: Given) =>
      end(await (await commands()).vaultEdit(base(files, flags))),
    );
  add('rekey', '<files...>', encryptId)
    .description('encrypt files anew with another password')
    .option('--new-vault-id <id@source>', 'the new vault password by id')
    .option('--new-vault-password-file <file>', 'file or program that gives the new vault password')
    .action(
      async (files: string[], flags: Given & { newVaultId?: string; newVaultPasswordFile?: string }) => {
        const one = (text?: string) => (text === undefined ? [] : [text]);
        const fresh = {
          vaultIds: one(flags.newVaultId),
          passwordFiles: one(flags.newVaultPasswordFile),
          ask: false,
        };
        end(await (await commands()).vaultRekey({ ...base(files, flags), fresh }));
      },
    );
  add('encrypt-string', '[texts...]', output, encryptId)
    .alias('encrypt_string')
    .description('print a text as a !vault value; from standard input when none is given')
    .option('-n, --name <name>', 'name of the variable; once for each text', collect)
    .option('--stdin-name <name>', 'name of the variable from standard input')
    .option('-p, --prompt', 'ask for the text')
    .option('--show-input', 'show what is typed')
    .action(
      async (
        texts: string[],
        flags: Given & { name?: string[]; stdinName?: string; prompt?: boolean; showInput?: boolean },
      ) => {
        const { vaultEncryptString } = await commands();
        end(
          await vaultEncryptString({
            ...base(texts, flags),
            names: flags.name ?? [],
            prompt: flags.prompt === true,
            showInput: flags.showInput === true,
            ...(flags.stdinName !== undefined && { stdinName: flags.stdinName }),
          }),
        );
      },
    );
}
