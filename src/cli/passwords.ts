import { type Command, Option } from 'commander';
import type { PasswordSources } from '../commands/passwords.ts';

/** What commander reads of where the passwords of hosts come from. */
export interface PasswordFlags {
  readonly askPass?: boolean;
  readonly connectionPasswordFile?: string;
  readonly connPassFile?: string;
  readonly askBecomePass?: boolean;
  readonly becomePasswordFile?: string;
  readonly becomePassFile?: string;
}

/** Passwords for logging in and for becoming another user; named as Ansible's options. */
export const passwordOptions = (command: Command): Command =>
  command
    .option('-k, --ask-pass', 'ask for the password to log in with')
    .option('--connection-password-file <file>', 'file or program that gives it')
    .addOption(new Option('--conn-pass-file <file>').hideHelp())
    .option('-K, --ask-become-pass', 'ask for the password that sudo, su or doas asks for')
    .option('--become-password-file <file>', 'file or program that gives it')
    .addOption(new Option('--become-pass-file <file>').hideHelp());

export function passwordSources(flags: PasswordFlags): PasswordSources {
  const login = flags.connectionPasswordFile ?? flags.connPassFile;
  const become = flags.becomePasswordFile ?? flags.becomePassFile;
  return {
    askLogin: flags.askPass === true,
    askBecome: flags.askBecomePass === true,
    ...(login !== undefined && { loginFile: login }),
    ...(become !== undefined && { becomeFile: become }),
  };
}
