import { posix } from 'node:path';
import { z } from 'zod';
import { TaskFailure } from '../errors.ts';
import type { Host, Output } from '../host/contract.ts';
import { contents } from '../host/queries/contents.ts';
import { type Mount, mounts } from '../host/queries/mounts.ts';
import { stat } from '../host/queries/stat.ts';
import { sh } from '../host/sh.ts';
import { masked, rememberSecret } from '../secrets.ts';
import { type Change, state } from './contract.ts';
import { backUp, backupResult } from './shared/backup.ts';
import { contentChange } from './shared/content.ts';
import { type FstabEntry, removeEntry, setEntry } from './shared/fstab.ts';
import { ansibleBoolean, anyPath, hostPath, text, withAliases } from './shared/params.ts';

const inFstab = ['present', 'mounted', 'absent', 'absent_from_fstab'];

const params = withAliases(
  z
    .strictObject({
      path: hostPath
        .or(z.literal('none'))
        .describe('Mount point, such as /mnt/data.')
        .meta({ aliases: ['name'] }),
      src: anyPath.optional().describe('Device, UUID=..., or NFS volume to mount there.'),
      fstype: z.string().optional().describe('File system, such as ext4, xfs, nfs or tmpfs.'),
      opts: z.string().optional().describe('Mount options, as in fstab. Default: defaults.'),
      opts_no_log: ansibleBoolean.default(false).describe('Keep the options out of every output.'),
      state: z
        .enum(['absent', 'absent_from_fstab', 'mounted', 'present', 'unmounted', 'remounted', 'ephemeral'])
        .describe(
          'mounted: in fstab and mounted; present: in fstab; unmounted: not mounted, fstab stays; absent: out of fstab, unmounted, directory removed; absent_from_fstab: out of fstab only; remounted: mounted again; ephemeral: mounted, fstab stays.',
        ),
      fstab: hostPath.default('/etc/fstab').describe('File in place of /etc/fstab.'),
      boot: ansibleBoolean.default(true).describe('Mount it at boot; no adds noauto.'),
      dump: text.default('0').describe('Fifth field of fstab.'),
      passno: text.default('0').describe('Sixth field of fstab: order of the checks at boot.'),
      backup: ansibleBoolean.default(false).describe('Keep a copy of fstab as it was.'),
    })
    .refine(
      (want) =>
        !['mounted', 'present', 'ephemeral'].includes(want.state) ||
        (want.src !== undefined && want.fstype !== undefined),
      { error: 'state mounted, present and ephemeral need src and fstype', path: ['state'] },
    ),
);
type Want = z.output<typeof params>;

interface State {
  readonly fstab: string | undefined;
  readonly mounted: Mount | undefined;
  readonly exists: boolean;
}

export default state<Want, State>({
  summary: 'Manage mount points, in fstab and live.',
  params,

  async have(want, host) {
    if (want.opts_no_log && want.opts !== undefined) rememberSecret(want.opts);
    const [fstab, all, there] = await Promise.all([
      host.ask(contents, want.fstab),
      host.ask(mounts, undefined),
      host.ask(stat, { path: want.path, follow: true }),
    ]);
    const mounted = all.findLast(
      ({ target }) => target === posix.normalize(want.path).replace(/(.)\/$/, '$1'),
    );
    if (
      want.state === 'ephemeral' &&
      mounted !== undefined &&
      ![mounted.source, mounted.device].includes(want.src!)
    )
      throw new TaskFailure(
        `${want.path} on ${host.name} is mounted already, from ${mounted.device} and not from ${want.src}`,
        'unmount it before (state: unmounted)',
      );
    return { fstab: fstab?.toString('utf8'), mounted, exists: there !== undefined };
  },

  diff: differences,

  async fix(changes, want, have, host) {
    const { path, fstab } = want;
    const kept = have.fstab ?? '';
    if (changes.some((change) => change.what === 'content')) {
      if (have.fstab === undefined)
        await host.run(sh`mkdir -p -- ${posix.dirname(fstab)} && touch -- ${fstab}`);
      if (want.backup) await backUp(fstab, host, want);
      await host.write(fstab, editedFstab(want, kept));
    }
    const live = changes.find((change) => change.what === 'state');
    if (live?.to === 'unmounted') await host.run(sh`umount -- ${path}`);
    if (want.state === 'absent' && have.exists) await host.run(sh`rmdir -- ${path}`);
    if (live === undefined || live.to === 'unmounted') return;
    const { code, stdout, stderr } =
      live.to === 'remounted' ? await remount(want, host) : await mount(want, have, host);
    if (code === 0) return;
    // An entry that cannot be mounted could keep the host from booting.
    if (changes.some((change) => change.what === 'content')) await host.write(fstab, kept);
    throw new TaskFailure(
      `Error ${want.state === 'remounted' ? 'remounting' : 'mounting'} ${path}: ${stdout}${stderr}`.trim(),
    );
  },

  verify(want, _before, after) {
    if (want.state === 'remounted') return [];
    if (want.state === 'ephemeral')
      return after.mounted === undefined ? [{ what: 'state', from: 'unmounted', to: 'mounted' }] : [];
    return differences(want, after);
  },

  result: (want) => ({
    name: want.path,
    src: want.src,
    fstype: want.fstype,
    opts: optionsOf(want.opts_no_log && want.opts !== undefined ? { ...want, opts: masked } : want),
    dump: want.dump,
    passno: want.passno,
    fstab: want.fstab,
    boot: want.boot ? 'yes' : 'no',
    backup_file: '',
    ...backupResult(want),
  }),
});

function differences(want: Want, have: State): Change[] {
  const list: Change[] = [];
  const from = have.mounted === undefined ? 'unmounted' : 'mounted';
  const to = (state: string): void => void list.push({ what: 'state', from, to: state });
  if (inFstab.includes(want.state)) {
    const before = have.fstab ?? '';
    const after = editedFstab(want, before);
    if (after !== before)
      list.push(
        contentChange(
          want.fstab,
          have.fstab === undefined ? undefined : Buffer.from(before),
          Buffer.from(after),
        ),
      );
  }
  const rewritten = list.length > 0;
  if (want.state === 'mounted' || want.state === 'ephemeral') {
    if (have.mounted === undefined) to('mounted');
    else if (rewritten || want.state === 'ephemeral') to('remounted');
  } else if (want.state === 'remounted') to('remounted');
  // As in Ansible, absent looks no further where fstab has no entry.
  else if (
    have.mounted !== undefined &&
    (want.state === 'unmounted' || (want.state === 'absent' && rewritten))
  )
    to('unmounted');
  return list;
}

function editedFstab(want: Want, before: string): string {
  const entry: FstabEntry = {
    src: want.src,
    name: want.path,
    fstype: want.fstype,
    opts: optionsOf(want),
    dump: want.dump,
    passno: want.passno,
  };
  return want.state.startsWith('absent') ? removeEntry(before, entry) : setEntry(before, entry);
}

/** noauto in the options and `boot: no` say the same. */
function optionsOf({ opts = 'defaults', boot }: Want): string {
  return boot ? opts : `${opts},noauto`;
}

function tableArguments({ fstab }: Want): string[] {
  return fstab === '/etc/fstab' ? [] : ['-T', fstab];
}

/** What mount is told: by fstab, or for an ephemeral mount all of it. */
function mountArguments(want: Want): string[] {
  if (want.state !== 'ephemeral') return [...tableArguments(want), want.path];
  const options = optionsOf(want);
  return ['-t', want.fstype!, ...(options === 'defaults' ? [] : ['-o', options]), want.src!, want.path];
}

async function mount(want: Want, have: State, host: Host): Promise<Output> {
  // The directories that were made go away again when the mount fails.
  const make = have.exists
    ? sh`set --`
    : sh`set --; d=${want.path}; while [ ! -e "$d" ]; do set -- "$@" "$d"; d=$(dirname -- "$d"); done; mkdir -p -- ${want.path} || exit`;
  return host.run(
    sh`${make}
mount ${mountArguments(want)} || { code=$?; [ $# -eq 0 ] || rmdir -- "$@"; exit $code; }`,
    { expect: 'any' },
  );
}

/** Where a file system cannot be remounted it is unmounted and mounted, unless options were given for this once. */
async function remount(want: Want, host: Host): Promise<Output> {
  const options = optionsOf(want);
  const once = want.state === 'remounted' && options !== 'defaults';
  const again = sh`mount -o ${once ? `remount,${options}` : 'remount'} ${mountArguments(want)}`;
  const anew = sh`${again} 2>/dev/null || { umount -- ${want.path} && mount ${mountArguments(want)}; }`;
  return host.run(once ? again : anew, { expect: 'any' });
}
