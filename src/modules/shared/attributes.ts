import { NotYet } from '../../errors.ts';
import type { Host, HostReader } from '../../host/contract.ts';
import { nameExists } from '../../host/queries/names.ts';
import type { FileStat } from '../../host/queries/stat.ts';
import { type Command, rawShell, sh } from '../../host/sh.ts';
import type { Change } from '../contract.ts';
import { formatMode, mode, resolveMode } from './mode.ts';
import { ansibleBoolean, text } from './params.ts';

/** Owner, group and mode of a file, as parameters of every module that makes files. */
export const fileAttributes = {
  mode: mode.optional().describe("Permissions, octal in quotes ('0644') or symbolic (u=rw,g=r,o=)."),
  owner: text.optional().describe('Name (or number) of the user that owns the file.'),
  group: text.optional().describe('Name (or number) of the group that owns the file.'),
  unsafe_writes: ansibleBoolean
    .optional()
    .describe('Taken for the sake of existing playbooks: files are always replaced in one step.'),
  selevel: text
    .optional()
    .describe('Nothing where there is no SELinux, as in Ansible: a Debian host has none.'),
  serole: text
    .optional()
    .describe('Nothing where there is no SELinux, as in Ansible: a Debian host has none.'),
  setype: text
    .optional()
    .describe('Nothing where there is no SELinux, as in Ansible: a Debian host has none.'),
  seuser: text
    .optional()
    .describe('Nothing where there is no SELinux, as in Ansible: a Debian host has none.'),
};

export interface Attributes {
  readonly mode?: string | undefined;
  readonly owner?: string | undefined;
  readonly group?: string | undefined;
}

/** What differs between the wanted attributes and those of a file that is there. */
export function attributeChanges(
  want: Attributes,
  have: Pick<FileStat, 'type' | 'mode' | 'owner' | 'uid' | 'group' | 'gid'>,
): Change[] {
  const list: Change[] = [];
  if (want.owner !== undefined && !isNamed(want.owner, have.owner, have.uid))
    list.push({ what: 'owner', from: have.owner, to: want.owner });
  if (want.group !== undefined && !isNamed(want.group, have.group, have.gid))
    list.push({ what: 'group', from: have.group, to: want.group });
  // A symbolic link has no permissions of its own.
  if (want.mode !== undefined && have.type !== 'link') {
    const bits = resolveMode(want.mode, have.mode, have.type === 'directory');
    if (bits !== have.mode) list.push({ what: 'mode', from: formatMode(have.mode), to: formatMode(bits) });
  }
  return list;
}

/** The changes that a file which is not there yet will be made with. */
export function initialAttributes(want: Attributes, directory: boolean): Change[] {
  const list: Change[] = [];
  if (want.owner !== undefined) list.push({ what: 'owner', from: null, to: want.owner });
  if (want.group !== undefined) list.push({ what: 'group', from: null, to: want.group });
  if (want.mode !== undefined) {
    const bits = resolveMode(want.mode, directory ? 0o755 : 0o644, directory);
    list.push({ what: 'mode', from: null, to: formatMode(bits) });
  }
  return list;
}

function isNamed(wanted: string, name: string, id: number): boolean {
  return wanted === name || wanted === String(id);
}

/**
 * Throws NotYet when the owner or the group that is to be given does not exist on the host. Asked only when
 * something has to be given to them, so a settled file costs nothing here.
 */
export async function requireNames(want: Attributes, host: HostReader, have?: FileStat): Promise<void> {
  const check = async (database: 'passwd' | 'group', name: string | undefined, settled: boolean) => {
    // There is no host without root.
    if (name === undefined || settled || name === 'root' || /^\d+$/.test(name)) return;
    if (await host.ask(nameExists, { database, name })) return;
    throw new NotYet(`${database === 'passwd' ? 'user' : 'group'} ${name} does not exist on ${host.name}`);
  };
  await Promise.all([
    check('passwd', want.owner, have !== undefined && isNamed(want.owner ?? '', have.owner, have.uid)),
    check('group', want.group, have !== undefined && isNamed(want.group ?? '', have.group, have.gid)),
  ]);
}

/** Gives a path the owner, group and mode that the changes name. Links are followed unless said otherwise. */
export async function fixAttributes(
  changes: readonly Change[],
  path: string,
  host: Host,
  follow = true,
): Promise<void> {
  const commands = attributeCommands(changes, path, follow);
  if (commands.length > 0) await host.run(inOneStep(commands));
}

/** Commands one after the other, up to the first that fails. */
export function inOneStep(commands: readonly Command[]): Command {
  return rawShell(commands.map((command) => command.text).join(' &&\n'));
}

/**
 * A condition of the shell that holds when a path has these attributes, and a size.
 * @param follow look at what a link points to
 */
export function hasAttributes(
  path: string,
  {
    mode: bits,
    owner,
    group,
  }: { mode?: number | undefined; owner?: string | undefined; group?: string | undefined },
  follow: boolean,
  size?: number,
): Command {
  const name = (wanted: string | undefined) => {
    if (wanted === undefined) return rawShell('*');
    return /^\d+$/.test(wanted) ? sh`*:${wanted}` : sh`${wanted}:*`;
  };
  const number = (wanted: string | undefined) => (wanted === undefined ? rawShell('*') : sh`${wanted}`);
  const options = follow ? ['-L'] : [];
  const shown = sh`$(stat ${options} --printf='%a %s %U:%u %G:%g' -- ${path} 2>/dev/null)`;
  const pattern = [number(bits?.toString(8)), number(size?.toString()), name(owner), name(group)];
  const words = pattern.map(({ text }) => text).join("' '");
  return rawShell(`case ${shown.text} in ${words}) ;; *) false ;; esac`);
}

/** The commands for it; the owner comes first, since chown(2) clears the set-ID bits. */
export function attributeCommands(
  changes: readonly Change[],
  path: string | Command,
  follow = true,
): Command[] {
  const to = (what: string) => changes.find((change) => change.what === what)?.to as string | undefined;
  const [owner, group, bits] = [to('owner'), to('group'), to('mode')];
  const list: Command[] = [];
  if (owner !== undefined || group !== undefined) {
    const names = `${owner ?? ''}${group === undefined ? '' : `:${group}`}`;
    list.push(follow ? sh`chown -- ${names} ${path}` : sh`chown -h -- ${names} ${path}`);
  }
  // Five digits: with four GNU chmod would keep the set-ID bits of a directory.
  if (bits !== undefined) list.push(sh`chmod -- ${bits.padStart(5, '0')} ${path}`);
  return list;
}
