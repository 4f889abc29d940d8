import { TaskFailure } from '../../errors.ts';
import type { Host, HostReader } from '../../host/contract.ts';
import { sh } from '../../host/sh.ts';
import { rememberSecret } from '../../secrets.ts';
import { ansibleBoolean, anyPath, integer, text } from './params.ts';

/** Parameters of user for a key pair of its own. */
export const sshKey = {
  generate_ssh_key: ansibleBoolean
    .default(false)
    .describe('Make an SSH key pair for the user when there is none.'),
  ssh_key_bits: integer.optional().describe('Bits of the key. Default: as ssh-keygen has it.'),
  ssh_key_comment: text.optional().describe('Comment of the key. Default: ansible-generated on HOSTNAME.'),
  ssh_key_file: anyPath
    .optional()
    .describe('File of the key; relative: to the home directory. Default: .ssh/id_TYPE.'),
  ssh_key_passphrase: text.optional().describe('Passphrase of the key. Default: none.'),
  ssh_key_type: text.default('rsa').describe('Type of the key: rsa, ed25519, ecdsa.'),
};

export interface KeyWant {
  readonly name: string;
  readonly ssh_key_bits?: number | undefined;
  readonly ssh_key_comment?: string | undefined;
  readonly ssh_key_file?: string | undefined;
  readonly ssh_key_passphrase?: string | undefined;
  readonly ssh_key_type: string;
}

/** The user's key, as the result has it. */
export interface UserKey {
  readonly file: string;
  readonly fingerprint: string;
  readonly publicKey: string;
}

export function keyFile(want: KeyWant, home: string): string {
  const file = want.ssh_key_file ?? `.ssh/id_${want.ssh_key_type}`;
  return file.startsWith('/') ? file : `${home}/${file}`;
}

/** undefined where there is no key yet. */
export async function readKey(file: string, host: HostReader): Promise<UserKey | undefined> {
  const { code, stdout } = await host.look(
    sh`[ -e ${file} ] || exit 9; ssh-keygen -lf ${file} || echo; cat ${`${file}.pub`} 2>/dev/null; :`,
    { expect: 'any' },
  );
  if (code === 9) return undefined;
  const [fingerprint = '', publicKey = ''] = stdout.split('\n');
  return { file, fingerprint, publicKey };
}

/** Makes the key pair and gives it to the user. The passphrase goes in over the questions that ssh-keygen asks. */
export async function makeKey(want: KeyWant, file: string, host: Host): Promise<void> {
  const bits = want.ssh_key_bits === undefined ? [] : ['-b', want.ssh_key_bits];
  const comment =
    want.ssh_key_comment === undefined ? sh`"ansible-generated on $(uname -n)"` : sh`${want.ssh_key_comment}`;
  const owner = sh`g=$(id -g -- ${want.name}) && d=$(dirname -- ${file}) && { [ -d "$d" ] || install -d -m 700 -o ${want.name} -g "$g" -- "$d"; }`;
  const passphrase = want.ssh_key_passphrase ?? '';
  if (passphrase !== '') rememberSecret(passphrase);
  // Without a terminal ssh-keygen asks a program: the shell's own printf, which no process list shows.
  const make = sh`ssh-keygen -q -t ${want.ssh_key_type} ${bits} -C ${comment} -f ${file}`;
  const { code, stderr } = await host.run(
    passphrase === ''
      ? sh`${owner} && ${make} -N '' </dev/null && chown ${`${want.name}:`} -- ${file} ${`${file}.pub`}`
      : sh`umask 077; t=$(mktemp -d) || exit; trap 'rm -rf -- "$t"' EXIT; cat >"$t/p"
printf '#!/bin/sh\ncat %s/p\n' "$t" >"$t/ask"; chmod 700 "$t/ask"; umask 022
${owner} && SSH_ASKPASS="$t/ask" SSH_ASKPASS_REQUIRE=force DISPLAY=:0 ${make} </dev/null && chown ${`${want.name}:`} -- ${file} ${`${file}.pub`}`,
    { ...(passphrase === '' ? {} : { stdin: `${passphrase}\n` }), expect: 'any' },
  );
  if (code !== 0)
    throw new TaskFailure(`ssh-keygen for ${want.name}: ${stderr.trim() || `exit code ${code}`}`);
}
