import { type Command, sh } from '../../host/sh.ts';
import type { Clone, Reference } from './git-refs.ts';

/** What the module git wants, as far as its commands go. */
export interface GitWish {
  readonly repo: string;
  readonly dest: string;
  readonly version: string;
  readonly remote: string;
  readonly depth?: number | undefined;
  readonly force: boolean;
  readonly recursive: boolean;
  readonly single_branch: boolean;
  readonly refspec?: string | undefined;
  readonly track_submodules: boolean;
  readonly executable?: string | undefined;
  readonly accept_newhostkey: boolean;
  readonly key_file?: string | undefined;
  readonly ssh_opts?: string | undefined;
  readonly bare: boolean;
  readonly separate_git_dir?: string | undefined;
  readonly reference?: string | undefined;
  readonly archive?: string | undefined;
  readonly archive_prefix?: string | undefined;
}

interface Found {
  readonly clone: Clone | undefined;
  readonly reference: Reference | undefined;
}

/** git never asks for a password, writes nothing when it only looks, and speaks English where we read it. */
export function environment(want: GitWish): Record<string, string> {
  const options = [
    ...(want.key_file === undefined
      ? []
      : ['-i', `'${want.key_file.replaceAll("'", "'\\''")}'`, '-o IdentitiesOnly=yes']),
    ...(want.ssh_opts === undefined ? [] : [want.ssh_opts]),
  ];
  return {
    GIT_TERMINAL_PROMPT: '0',
    GIT_OPTIONAL_LOCKS: '0',
    LC_ALL: 'C',
    GIT_SSH_COMMAND: [
      'ssh -o BatchMode=yes',
      ...(want.accept_newhostkey ? ['-o StrictHostKeyChecking=accept-new'] : []),
      ...options,
    ].join(' '),
  };
}

/** The working tree may belong to another user than the one who looks. */
export function inTree(want: GitWish): Command {
  return sh`${want.executable ?? 'git'} -c ${`safe.directory=${want.dest}`} -C ${want.dest}`;
}

/** The commands that bring the clone to where it is wanted. */
export function steps(want: GitWish, { clone, reference }: Found): Command[] {
  const git = inTree(want);
  const list: Command[] = [];
  const moved = want.separate_git_dir;
  if (clone !== undefined && moved !== undefined && clone.directory !== moved)
    list.push(
      sh`mv -T -- ${clone.directory} ${moved}`,
      sh`printf 'gitdir: %s' ${moved} >${`${want.dest}/.git`}`,
    );
  if (reference !== undefined)
    list.push(...(want.bare ? bareSteps(want, clone) : treeSteps(want, clone, reference)));
  if (want.archive !== undefined)
    list.push(
      sh`${git} ${archiveWords(want)} -o ${`${want.archive}.new`} ${reference?.commit ?? want.version}`,
      sh`mv -f -- ${`${want.archive}.new`} ${want.archive}`,
    );
  return list;
}

/** `git archive` and its options, without the version. */
export function archiveWords(want: GitWish): string[] {
  const kind = /\.(zip|tar)$/.exec(want.archive ?? '')?.[1] ?? 'tar.gz';
  const prefix = want.archive_prefix === undefined ? [] : [`--prefix=${want.archive_prefix}`];
  return ['archive', `--format=${kind}`, ...prefix];
}

function bareSteps(want: GitWish, clone: Clone | undefined): Command[] {
  const git = inTree(want);
  const depth = want.depth === undefined ? [] : [`--depth=${want.depth}`];
  const more = want.refspec === undefined ? [] : [want.refspec];
  if (clone === undefined) {
    const options = [...depth, ...(want.reference === undefined ? [] : [`--reference=${want.reference}`])];
    return [
      sh`${want.executable ?? 'git'} clone --quiet --bare --origin ${want.remote} ${options} -- ${want.repo} ${want.dest}`,
      ...(more.length > 0 ? [sh`${git} fetch --progress --force ${depth} -- ${want.remote} ${more}`] : []),
    ];
  }
  return [
    ...remoteSteps(want, clone),
    sh`${git} fetch --progress --force --tags ${depth} -- ${want.remote} ${['+refs/heads/*:refs/heads/*', ...more]}`,
  ];
}

function remoteSteps(want: GitWish, clone: Clone | undefined): Command[] {
  const git = inTree(want);
  if (clone === undefined || clone.url === '') return [sh`${git} remote add -- ${want.remote} ${want.repo}`];
  return clone.url === want.repo ? [] : [sh`${git} remote set-url -- ${want.remote} ${want.repo}`];
}

function treeSteps(want: GitWish, clone: Clone | undefined, reference: Reference): Command[] {
  const git = inTree(want);
  const depth = want.depth === undefined ? [] : [`--depth=${want.depth}`];
  // As `git clone --single-branch` leaves it: later fetches bring no other branches either.
  const narrow = want.depth !== undefined || want.single_branch;
  const list = clone === undefined ? cloneSteps(want, reference, narrow) : remoteSteps(want, clone);
  if (narrow)
    list.push(
      sh`${git} fetch --progress --force ${depth} -- ${want.remote} ${fetched(want.remote, reference)}`,
    );
  else {
    const branches = `+refs/heads/*:refs/remotes/${want.remote}/*`;
    if (clone !== undefined)
      list.push(sh`${git} fetch --progress --force --tags -- ${want.remote} ${branches}`);
    // A commit that no branch holds any more has to be asked for by itself.
    list.push(
      sh`${git} cat-file -e ${`${reference.commit}^{commit}`} 2>/dev/null || ${git} fetch --progress -- ${want.remote} ${reference.commit}`,
    );
  }
  if (want.refspec !== undefined)
    list.push(sh`${git} fetch --progress --force ${depth} -- ${want.remote} ${want.refspec}`);
  const force = want.force ? ['--force'] : [];
  if (reference.branch === undefined)
    list.push(sh`${git} checkout --quiet ${force} --detach ${reference.commit}`);
  else {
    list.push(sh`${git} checkout --quiet ${force} -B ${reference.branch} ${reference.commit}`);
    list.push(
      sh`${git} config ${`branch.${reference.branch}.remote`} ${want.remote}`,
      sh`${git} config ${`branch.${reference.branch}.merge`} ${`refs/heads/${reference.branch}`}`,
    );
  }
  if (want.recursive)
    list.push(sh`[ ! -e ${`${want.dest}/.gitmodules`} ] || {
! ${git} submodule status | grep -q '^[^ ]' || echo ${submodulesDiffer}
${git} submodule --quiet sync
${git} submodule update --init --recursive ${want.track_submodules ? ['--remote'] : []} ${force} ${depth}
}`);
  return list;
}

/** What the steps say when submodules are to be changed. */
export const submodulesDiffer = 'submodules are not as the commit says';

/** A new repository that knows its remote. A whole one is what `git clone` makes of it, the default branch too. */
function cloneSteps(want: GitWish, reference: Reference, narrow: boolean): Command[] {
  const git = inTree(want);
  const program = want.executable ?? 'git';
  const apart = want.separate_git_dir === undefined ? [] : [`--separate-git-dir=${want.separate_git_dir}`];
  if (!narrow) {
    const borrowed = want.reference === undefined ? [] : [`--reference=${want.reference}`];
    return [
      sh`${program} clone --progress --no-checkout --origin ${want.remote} ${apart} ${borrowed} -- ${want.repo} ${want.dest}`,
    ];
  }
  const list = [sh`${program} init --quiet ${apart} -- ${want.dest}`];
  if (want.reference !== undefined)
    list.push(
      sh`o=$(git -c ${`safe.directory=${want.reference}`} -C ${want.reference} rev-parse --path-format=absolute --git-path objects)
printf '%s\\n' "$o" >"$(${git} rev-parse --path-format=absolute --git-path objects)/info/alternates"`,
    );
  list.push(...remoteSteps(want, undefined));
  if (reference.branch !== undefined)
    list.push(sh`${git} config ${`remote.${want.remote}.fetch`} ${fetched(want.remote, reference)}`);
  return list;
}

function fetched(remote: string, { branch, tag, commit }: Reference): string {
  if (branch !== undefined) return `+refs/heads/${branch}:refs/remotes/${remote}/${branch}`;
  return tag === undefined ? commit : `+refs/tags/${tag}:refs/tags/${tag}`;
}
