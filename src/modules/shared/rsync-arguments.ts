import { splitWords } from './words.ts';

export interface RsyncWant {
  readonly src: string;
  readonly dest: string;
  readonly mode: 'push' | 'pull';
  readonly delete: boolean;
  readonly archive: boolean;
  readonly checksum: boolean;
  readonly compress: boolean;
  readonly existing_only: boolean;
  readonly dirs: boolean;
  readonly partial: boolean;
  readonly copy_links: boolean;
  readonly delay_updates: boolean;
  readonly recursive?: boolean | undefined;
  readonly links?: boolean | undefined;
  readonly perms?: boolean | undefined;
  readonly times?: boolean | undefined;
  readonly owner?: boolean | undefined;
  readonly group?: boolean | undefined;
  readonly rsync_timeout: number;
  readonly rsync_opts: readonly string[];
  readonly rsync_path?: string | undefined;
  readonly link_dest: readonly string[];
}

const marker = '<<CHANGED>>';

/** The arguments of rsync(1), but for what it copies over and from where to where; as ansible.posix.synchronize. */
export function rsyncArguments(want: RsyncWant, dry: boolean): string[] {
  const parts = ['recursive', 'links', 'perms', 'times', 'owner', 'group'] as const;
  return [
    ...(want.delay_updates ? ['--delay-updates', '-F'] : []),
    ...(want.compress ? ['--compress'] : []),
    ...(want.rsync_timeout > 0 ? [`--timeout=${want.rsync_timeout}`] : []),
    ...(dry ? ['--dry-run'] : []),
    ...(want.delete ? ['--delete-after'] : []),
    ...(want.existing_only ? ['--existing'] : []),
    ...(want.checksum ? ['--checksum'] : []),
    ...(want.copy_links ? ['--copy-links'] : []),
    ...(want.archive ? ['--archive'] : []),
    ...parts.flatMap((part) => {
      if (want[part] === undefined || want[part] === want.archive) return [];
      return [want.archive ? `--no-${part}` : `--${part}`];
    }),
    ...(want.dirs ? ['--dirs'] : []),
    ...(want.rsync_path === undefined ? [] : [`--rsync-path=${want.rsync_path}`]),
    // Ansible has the words of each split once more.
    ...want.rsync_opts.flatMap((option) => splitWords(option)),
    ...(want.partial ? ['--partial'] : []),
    ...(want.link_dest.length > 0
      ? ['-H', '-vv', ...want.link_dest.map((path) => `--link-dest=${path}`)]
      : []),
    `--out-format=${marker}%i %n%L`,
  ];
}

/** What rsync said. */
export interface RsyncSaid {
  /** The lines of what it changed, or would change: `<f+++++++++ file`. */
  readonly changes: readonly string[];
  readonly text: string;
}

export function readRsync(stdout: string, { link_dest }: Pick<RsyncWant, 'link_dest'>): RsyncSaid {
  const changes = stdout
    .split('\n')
    .filter((line) => line.startsWith(marker))
    .map((line) => line.slice(marker.length))
    // With -vv it lists what stays too; that has a dot in front, and no letter of what differs.
    .filter((line) => link_dest.length === 0 || !line.startsWith('.'));
  return { changes, text: stdout.replaceAll(marker, '') };
}
