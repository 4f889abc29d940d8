import { posix } from 'node:path';
import { z } from 'zod';
import { NotYet, TaskFailure } from '../errors.ts';
import type { HostReader, RunOptions } from '../host/contract.ts';
import { stat } from '../host/queries/stat.ts';
import { rawShell, sh } from '../host/sh.ts';
import { type Change, changes, state } from './contract.ts';
import { type Clone, type Reference, readClone, readReferences, resolveVersion } from './shared/git-refs.ts';
import { archiveWords, environment, inTree, steps, submodulesDiffer } from './shared/git-steps.ts';
import { ansibleBoolean, hostPath, integer, text, withAliases } from './shared/params.ts';
import { requireDirectory } from './shared/placing.ts';
import { rememberedFor, rememberFor } from './shared/remember.ts';

const params = withAliases(
  z
    .strictObject({
      repo: z
        .string()
        .transform((repo) => (repo.startsWith('/') ? `file://${repo}` : repo))
        .describe('URL of the repository, or a path on the host.')
        .meta({ aliases: ['name'] }),
      dest: hostPath.describe('Directory of the host for the working tree.'),
      version: text
        .default('HEAD')
        .describe(
          'Branch, tag or full commit to have there. HEAD is what the repository calls its default branch.',
        ),
      remote: z.string().default('origin').describe('Name of the remote.'),
      depth: integer.pipe(z.int().min(1)).optional().describe('Fetch only that many commits of history.'),
      force: ansibleBoolean
        .default(false)
        .describe('Throw local changes of tracked files away. Without it they are refused.'),
      update: ansibleBoolean
        .default(true)
        .describe('Follow the repository; no leaves a working tree that is there.'),
      clone: ansibleBoolean.default(true).describe('Make the working tree when it is not there.'),
      recursive: ansibleBoolean.default(true).describe('Check submodules out too.'),
      single_branch: ansibleBoolean.default(false).describe('Fetch only the branch or tag of version.'),
      refspec: text.optional().describe('Further refs to fetch, such as pull/1/head or refs/notes/*.'),
      track_submodules: ansibleBoolean
        .default(false)
        .describe('Check submodules out at the newest commit of their branch.'),
      umask: text
        .pipe(z.string().regex(/^[0-7]{1,4}$/, 'expected an octal umask such as 0022'))
        .optional()
        .describe('Permissions that new files must not have, octal.'),
      executable: hostPath.optional().describe('git to use.'),
      accept_hostkey: ansibleBoolean
        .refine((value) => !value, {
          error: 'not supported: use accept_newhostkey, or put the key into known_hosts (module known_hosts)',
        })
        .default(false)
        .describe('Not supported: a host key is never taken unseen.'),
      accept_newhostkey: ansibleBoolean
        .default(false)
        .describe('Take the key of a server that is not known yet (ssh: StrictHostKeyChecking=accept-new).'),
      key_file: hostPath.optional().describe('Private key of the host for SSH.'),
      ssh_opts: z.string().optional().describe('Options for ssh.'),
      bare: ansibleBoolean
        .default(false)
        .describe('Have the repository itself in dest, without a working tree.'),
      separate_git_dir: hostPath
        .optional()
        .describe(
          'Directory of the host for the repository, apart from the working tree; it is moved there.',
        ),
      reference: hostPath
        .optional()
        .describe('Repository of the host whose objects a new clone shares, to fetch less.'),
      archive: hostPath
        .optional()
        .describe('File of the host to keep the tree of version in: .zip, .tar, .tar.gz or .tgz.'),
      archive_prefix: text.optional().describe('What the names in the archive begin with.'),
    })
    .refine((want) => !want.bare || want.separate_git_dir === undefined, {
      error: 'parameters are mutually exclusive: separate_git_dir|bare',
      path: ['bare'],
    })
    .refine((want) => want.archive === undefined || /\.(zip|tar|gz|tgz)$/.test(want.archive), {
      error: 'expected a name that ends with .zip, .tar, .tar.gz or .tgz',
      path: ['archive'],
    })
    .refine((want) => want.archive_prefix === undefined || want.archive !== undefined, {
      error: 'missing parameter(s) required by archive_prefix: archive',
      path: ['archive_prefix'],
    }),
);
type Want = z.output<typeof params>;

interface State {
  readonly clone: Clone | undefined;
  /** What the repository has for `version`; undefined when it did not have to be asked. */
  readonly reference: Reference | undefined;
  /** Whether the archive is there as wanted; not asked where there is no clone yet. */
  readonly archive?: boolean;
}

/** Wishes that were fulfilled a moment ago. */
const done = new WeakSet<object>();

export default state<Want, State>({
  summary: 'Check out a git repository on hosts. Needs git there.',
  params,

  async have(want, host) {
    const there = await host.ask(stat, { path: want.dest, follow: true });
    if (there !== undefined && there.type !== 'directory')
      throw new TaskFailure(`${want.dest} is a ${there.type} on ${host.name}`);
    if (there === undefined) await requireDirectory(posix.dirname(want.dest), host);
    const [clone, reference] = await Promise.all([
      there === undefined ? undefined : lookAtClone(want, host),
      (there === undefined && !want.clone) || (there !== undefined && !want.update)
        ? undefined
        : ask(want, host),
    ]);
    // Submodules that follow their branches are then elsewhere than the commit says.
    const moved = want.track_submodules && done.has(want);
    if (clone?.changes.length && !want.force && !moved && reference !== undefined)
      throw new TaskFailure(
        `${want.dest} has local changes: ${clone.changes.slice(0, 5).join(', ')}`,
        'force: yes throws them away',
        { before: clone.commit ?? null },
      );
    const archive =
      want.archive === undefined || clone === undefined ? undefined : await hasArchive(want, host);
    if (clone?.directory !== undefined && want.separate_git_dir !== undefined)
      await requireFree(want.separate_git_dir, clone.directory, host);
    return { clone, reference, ...(archive === undefined ? {} : { archive }) };
  },

  diff(want, have) {
    const list = differences(want, have);
    const { clone, reference } = have;
    const moved = list.find(({ what }) => what === 'git directory');
    rememberFor(want, {
      before: clone?.commit ?? null,
      after: reference?.commit ?? clone?.commit,
      ...(clone !== undefined && want.update
        ? { remote_url_changed: list.some(({ what }) => what === 'repo') }
        : {}),
      ...(moved === undefined ? {} : { git_dir_before: moved.from, git_dir_now: moved.to }),
      ...(clone?.changes.length && reference !== undefined
        ? { msg: `Local modifications exist in the destination: ${want.dest}` }
        : {}),
    });
    return list;
  },

  async fix(_changes, want, have, host) {
    const mask = want.umask === undefined ? [] : [sh`umask ${want.umask}`];
    const script = [sh`set -e`, ...mask, ...steps(want, have)].map((command) => command.text).join('\n');
    const { stdout } = await host.job(`git ${want.dest}`, rawShell(script), {
      environment: environment(want),
    });
    if (stdout.includes(submodulesDiffer)) rememberFor(want, { submodules_changed: true });
    done.add(want);
  },

  verify: (want, _before, after) =>
    differences(want, after).filter(({ what }) => what !== 'local changes' || !want.track_submodules),

  result: (want) => ({ ...rememberedFor(want), remote_url: want.repo, version: want.version }),
});

function differences(want: Want, { clone, reference, archive }: State): Change[] {
  const list: Change[] = [];
  if (reference !== undefined)
    list.push(...changes({ version: reference.commit }, { version: clone?.commit }));
  if (clone !== undefined) {
    if (reference !== undefined) list.push(...changes({ repo: want.repo }, { repo: clone.url }));
    if (reference !== undefined && clone.changes.length > 0)
      list.push({ what: 'local changes', from: clone.changes.join('\n'), to: '' });
    if (reference !== undefined && want.recursive && clone.missing.length > 0)
      list.push({ what: 'submodules', from: 'absent', to: clone.missing.join(', ') });
    if (want.separate_git_dir !== undefined && clone.directory !== want.separate_git_dir)
      list.push({ what: 'git directory', from: clone.directory, to: want.separate_git_dir });
  }
  if (want.archive !== undefined && archive !== true && (clone !== undefined || reference !== undefined))
    list.push({ what: 'archive', from: archive === false ? 'other or absent' : 'absent', to: want.archive });
  return list;
}

function options(want: Want): RunOptions {
  return { environment: environment(want), expect: 'any' };
}

async function lookAtClone(want: Want, host: HostReader): Promise<Clone | undefined> {
  const git = inTree(want);
  // A bare repository holds every version, and which is looked at counts.
  const commit = want.bare ? `${want.version}^{commit}` : 'HEAD';
  const { code, stdout, stderr } = await host.look(
    sh`cd ${want.dest} || exit
[ -e ${want.bare ? 'HEAD' : '.git'} ] || { [ -z "$(ls -A)" ] && exit 90; exit 91; }
${git} rev-parse -q --verify ${commit} || { [ $? -ne 127 ] || exit 127; echo; }
${git} config --get ${`remote.${want.remote}.url`} || echo
${git} rev-parse --absolute-git-dir
${want.bare ? sh`` : sh`${git} status --porcelain --untracked-files=no`}
${want.bare || !want.recursive ? sh`` : sh`[ ! -e .gitmodules ] || ${git} submodule status | grep '^-' || :`}`,
    options(want),
  );
  requireGit(code, host);
  if (code === 90) return undefined;
  if (code === 91) throw new TaskFailure(`${want.dest} on ${host.name} is not empty and no git working tree`);
  if (code !== 0) throw new TaskFailure(`${want.dest}: ${stderr.trim()}`);
  return readClone(stdout);
}

/** Whether the archive holds what version is. */
async function hasArchive(want: Want, host: HostReader): Promise<boolean> {
  const { code } = await host.look(
    sh`${inTree(want)} ${archiveWords(want)} ${want.version} | cmp -s - ${want.archive ?? ''}`,
    options(want),
  );
  return code === 0;
}

async function requireFree(wanted: string, present: string, host: HostReader): Promise<void> {
  if (wanted !== present && (await host.ask(stat, { path: wanted })) !== undefined)
    throw new TaskFailure(`Separate-git-dir path ${wanted} already exists.`);
}

async function ask(want: Want, host: HostReader): Promise<Reference> {
  if (/^[0-9a-f]{40}$/.test(want.version)) return { commit: want.version };
  const { code, stdout, stderr } = await host.look(
    sh`${want.executable ?? 'git'} ls-remote --symref -- ${want.repo}`,
    options(want),
  );
  requireGit(code, host);
  if (code !== 0) throw new TaskFailure(`${want.repo}: ${stderr.trim().split('\n').slice(-3).join('\n')}`);
  const references = readReferences(stdout);
  const found = resolveVersion(references, want.version);
  if (found === undefined)
    throw new TaskFailure(
      `${want.repo} has no branch or tag ${want.version}`,
      /^[0-9a-f]{7,39}$/.test(want.version) ? 'a commit has to be written in full, 40 digits' : undefined,
    );
  return found;
}

function requireGit(code: number, host: HostReader): void {
  if (code === 127)
    throw new NotYet(
      `git is not installed on ${host.name}`,
      'install the package git before (apt: name=git)',
    );
}
