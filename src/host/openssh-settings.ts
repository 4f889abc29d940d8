import { spawnSync } from 'node:child_process';
import { SshConfigError } from './ssh-config.ts';
import { SshOptions, shellWords } from './ssh-options.ts';

/** Arguments that would take the streams of a program away, or start none. */
const unusable = /^-(?:[fGMNnstV]+|[OQW].*)$/;

/** The words of Ansible's ssh arguments for ssh(1); `complain` hears of those that do not go with programs. */
export function wordsForSsh(lines: readonly string[], complain: (word: string) => void): string[] {
  const words = lines.flatMap(shellWords);
  for (const word of words) if (unusable.test(word)) complain(word);
  return words;
}

/** Whether ssh's own configuration shares connections (ControlMaster with ControlPath). */
export function sharesConnections(options: SshOptions, words: readonly string[]): boolean {
  const path =
    options.get('ControlPath') ?? (words.some((word) => /controlpath/i.test(word)) ? 'given' : 'none');
  return /^(?:yes|auto|ask|autoask)$/i.test(options.get('ControlMaster') ?? 'no') && !/^none$/i.test(path);
}

/**
 * What ssh(1) itself makes of a configuration that foobar does not follow (Match exec): where it would go, as whom.
 * @throws SshConfigError when there is no ssh, or it does not understand it either
 */
export function optionsOfSsh(words: readonly string[], given: SshOptions, host: string): SshOptions {
  const named = ['Port', 'User', 'ConnectTimeout'].flatMap((name) => {
    const value = given.get(name);
    return value === undefined ? [] : ['-o', `${name}=${value}`];
  });
  const { error, status, stdout, stderr } = spawnSync('ssh', ['-G', ...named, ...words, '--', host], {
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  if (error || status !== 0) throw new SshConfigError(`ssh -G ${host}: ${error?.message ?? stderr.trim()}`);
  const options = new SshOptions();
  for (const line of stdout.split('\n')) {
    const [, name = '', value = ''] =
      /^(hostname|user|port|controlmaster|controlpath) (.*)$/.exec(line) ?? [];
    if (name !== '') options.set(name, [value]);
  }
  const timeout = given.get('ConnectTimeout');
  if (timeout !== undefined) options.set('ConnectTimeout', [timeout]);
  const strict = given.get('StrictHostKeyChecking');
  if (strict !== undefined) options.set('StrictHostKeyChecking', [strict]);
  return options;
}
