import { posix } from 'node:path';
import { z } from 'zod';
import { NotYet, TaskFailure } from '../errors.ts';
import type { HostReader, RunOptions } from '../host/contract.ts';
import { stat } from '../host/queries/stat.ts';
import { type Command, rawShell, sh } from '../host/sh.ts';
import { type Change, changes, state } from './contract.ts';
import { type Clone, type Reference, readClone, readReferences, resolveVersion } from './shared/git-refs.ts';
import { ansibleBoolean, hostPath, integer, moduleParams, text } from './shared/params.ts';
import { requireDirectory } from './shared/placing.ts';

const params = moduleParams({
  repo: z
    .string()
    .describe('URL of the repository.')
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
});
type Want = z.output<typeof params>;

interface State {
  readonly clone: Clone | undefined;
  /** What the repository has for `version`; undefined when it did not have to be asked. */
  readonly reference: Reference | undefined;
}

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
    if (clone?.changes.length && !want.force && reference !== undefined)
      throw new TaskFailure(
        `${want.dest} has local changes: ${clone.changes.slice(0, 5).join(', ')}`,
        'force: yes throws them away',
      );
    return { clone, reference };
  },

  diff(want, { clone, reference }) {
    if (reference === undefined) return [];
    const list: Change[] = changes({ version: reference.commit }, { version: clone?.commit });
    if (clone === undefined) return list;
    list.push(...changes({ repo: want.repo }, { repo: clone.url }));
    if (clone.changes.length > 0)
      list.push({ what: 'local changes', from: clone.changes.join('\n'), to: '' });
    return list;
  },

  async fix(_changes, want, have, host) {
    const { reference } = have;
    if (reference === undefined) return;
    const mask = want.umask === undefined ? [] : [sh`umask ${want.umask}`];
    const script = [sh`set -e`, ...mask, ...steps(want, have, reference)]
      .map((command) => command.text)
      .join('\n');
    await host.job(`git ${want.dest}`, rawShell(script), { environment: environment(want) });
  },

  result: (want, { clone }) => ({ after: clone?.commit, remote_url: want.repo, version: want.version }),
});

/** git never asks for a password, writes nothing when it only looks, and speaks English where we read it. */
function environment(want: Want): Record<string, string> {
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

function options(want: Want): RunOptions {
  return { environment: environment(want), expect: 'any' };
}

/** The working tree may belong to another user than the one who looks. */
function inTree(want: Want): Command {
  return sh`${want.executable ?? 'git'} -c ${`safe.directory=${want.dest}`} -C ${want.dest}`;
}

async function lookAtClone(want: Want, host: HostReader): Promise<Clone | undefined> {
  const git = inTree(want);
  const { code, stdout, stderr } = await host.look(
    sh`cd ${want.dest} || exit
[ -e .git ] || { [ -z "$(ls -A)" ] && exit 90; exit 91; }
${git} rev-parse -q --verify HEAD || { [ $? -ne 127 ] || exit 127; echo; }
${git} config --get ${`remote.${want.remote}.url`} || echo
${git} status --porcelain --untracked-files=no`,
    options(want),
  );
  requireGit(code, host);
  if (code === 90) return undefined;
  if (code === 91) throw new TaskFailure(`${want.dest} on ${host.name} is not empty and no git working tree`);
  if (code !== 0) throw new TaskFailure(`${want.dest}: ${stderr.trim()}`);
  return readClone(stdout);
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

function steps(want: Want, { clone }: State, reference: Reference): Command[] {
  const git = inTree(want);
  const depth = want.depth === undefined ? [] : [`--depth=${want.depth}`];
  const list: Command[] = [];
  if (clone === undefined)
    list.push(
      sh`${want.executable ?? 'git'} init --quiet -- ${want.dest}`,
      sh`${git} remote add -- ${want.remote} ${want.repo}`,
    );
  else if (clone.url === '') list.push(sh`${git} remote add -- ${want.remote} ${want.repo}`);
  else if (clone.url !== want.repo) list.push(sh`${git} remote set-url -- ${want.remote} ${want.repo}`);
  const branches = `+refs/heads/*:refs/remotes/${want.remote}/*`;
  if (want.depth !== undefined || want.single_branch)
    list.push(
      sh`${git} fetch --progress --force ${depth} -- ${want.remote} ${fetched(want.remote, reference)}`,
    );
  else {
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
    list.push(
      sh`[ ! -e ${`${want.dest}/.gitmodules`} ] || ${git} submodule update --init --recursive ${want.track_submodules ? ['--remote'] : []} ${force} ${depth}`,
    );
  return list;
}

function fetched(remote: string, { branch, tag, commit }: Reference): string {
  if (branch !== undefined) return `+refs/heads/${branch}:refs/remotes/${remote}/${branch}`;
  return tag === undefined ? commit : `+refs/tags/${tag}:refs/tags/${tag}`;
}
