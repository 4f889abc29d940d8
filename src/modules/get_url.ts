import { posix } from 'node:path';
import { z } from 'zod';
import { TaskFailure } from '../errors.ts';
import type { Host, HostReader } from '../host/contract.ts';
import { type FileStat, stat } from '../host/queries/stat.ts';
import { rawShell, sh } from '../host/sh.ts';
import { type Change, state } from './contract.ts';
import {
  attributeChanges,
  attributeCommands,
  fileAttributes,
  fixAttributes,
  initialAttributes,
  requireNames,
} from './shared/attributes.ts';
import { backUp, backupResult } from './shared/backup.ts';
import { curlConfig, httpParams, requireCurl } from './shared/curl.ts';
import { ansibleBoolean, hostPath, integer, moduleParams } from './shared/params.ts';
import { pathInfo } from './shared/path-info.ts';
import { requireDirectory } from './shared/placing.ts';

const params = moduleParams({
  ...httpParams,
  timeout: integer.default(10).describe('Seconds for the connection.'),
  dest: hostPath.describe(
    'Where the file goes on the host; into a directory under the last part of the URL.',
  ),
  checksum: z
    .string()
    .regex(
      /^(md5|sha1|sha224|sha256|sha384|sha512):\S+$/,
      'expected algorithm:digest or algorithm:URL, such as sha256:1234',
    )
    .optional()
    .describe(
      'What the file must be: sha256:DIGEST, or sha256:URL of a list of digests. A file that is it is not fetched again.',
    ),
  force_basic_auth: ansibleBoolean
    .default(false)
    .describe('Accepted for Ansible; basic authentication is always sent at once.'),
  force: ansibleBoolean
    .default(false)
    .describe(
      'Fetch and compare each time. Without it a file that is there is left alone unless checksum says otherwise.',
    ),
  backup: ansibleBoolean.default(false).describe('Keep a copy of the file that is replaced.'),
  ...fileAttributes,
});
type Want = z.output<typeof params>;

interface State {
  readonly path: string;
  readonly there: FileStat | undefined;
  /** `algorithm:digest` of the file that is there, and of the one that is wanted, as far as they had to be known. */
  readonly sum?: string | undefined;
  readonly wanted?: string | undefined;
}

export default state<Want, State>({
  summary: 'Download files from HTTP, HTTPS or FTP to hosts. Needs curl there.',
  params,

  async have(want, host) {
    const { path, there } = await destination(want, host);
    if (there === undefined) await requireDirectory(posix.dirname(path), host);
    await requireNames(want, host, there);
    if (want.checksum === undefined && (there === undefined || !want.force)) return { path, there };
    const wanted = want.checksum === undefined ? await remoteSum(want, host) : await expected(want, host);
    return { path, there, wanted, sum: there && (await localSum(path, wanted, host)) };
  },

  diff(want, have) {
    if (have.there === undefined)
      return [{ what: 'content', from: 'absent', to: want.url }, ...initialAttributes(want, false)];
    const content: Change[] =
      have.sum === have.wanted ? [] : [{ what: 'content', from: have.sum, to: have.wanted }];
    return [...content, ...attributeChanges(want, have.there)];
  },

  async fix(list, want, have, host) {
    if (!list.some((change) => change.what === 'content')) return fixAttributes(list, have.path, host);
    if (have.there !== undefined && want.backup) await backUp(have.path, host, want);
    await download(list, want, have, host);
  },

  result(want, have) {
    const { path, there } = have;
    return {
      dest: path,
      url: want.url,
      ...(there === undefined ? {} : pathInfo(there)),
      ...backupResult(want),
    };
  },
});

async function destination(
  want: Want,
  host: HostReader,
): Promise<{ path: string; there: FileStat | undefined }> {
  const dest = want.dest.replace(/(?<=.)\/+$/, '');
  const found = await host.ask(stat, { path: dest, follow: true });
  if (found?.type !== 'directory') return { path: dest, there: found };
  const name = posix.basename(new URL(want.url).pathname);
  if (name === '') throw new TaskFailure(`${dest} is a directory, and ${want.url} names no file`);
  const path = `${dest}/${decodeURIComponent(name)}`;
  return { path, there: await host.ask(stat, { path, follow: true }) };
}

async function expected(want: Want, host: HostReader): Promise<string> {
  const [, algorithm = '', digest = ''] = /^(\w+):(.*)$/s.exec(want.checksum ?? '') ?? [];
  if (!/^(https?|ftp):/.test(digest)) return `${algorithm}:${digest.toLowerCase()}`;
  const { code, stdout, stderr } = await host.look(sh`curl --disable --config -`, {
    stdin: curlConfig({ ...want, url: digest }, [['fail'], ['location']]),
    expect: 'any',
  });
  requireCurl(code, host.name);
  if (code !== 0) throw new TaskFailure(`${digest}: ${stderr.trim()}`);
  return `${algorithm}:${digestFor(stdout, want.url, digest)}`;
}

/** The digest of a URL's file in a list such as SHA256SUMS; a list of one digest needs no name. */
export function digestFor(list: string, url: string, from: string): string {
  const name = posix.basename(new URL(url).pathname);
  const lines = list
    .split('\n')
    .map((line) => line.trim().split(/\s+/))
    .filter(([first]) => first !== '');
  const named = lines.find(
    ([, file]) => file !== undefined && posix.basename(file.replace(/^\*/, '')) === name,
  );
  const [digest] = named ?? (lines.length === 1 && lines[0]?.length === 1 ? lines[0] : []);
  if (digest === undefined || !/^[0-9a-f]{32,}$/i.test(digest))
    throw new TaskFailure(`${from} has no checksum of ${name}`);
  return digest.toLowerCase();
}

async function remoteSum(want: Want, host: HostReader): Promise<string> {
  const { stdout, stderr } = await host.look(
    sh`{ curl --disable --config - || echo "failed $?" >&2; } | sha256sum`,
    { stdin: curlConfig(want, [['fail'], ['location']]) },
  );
  const failed = /failed (\d+)\n?$/.exec(stderr);
  if (failed !== null) {
    requireCurl(Number(failed[1]), host.name);
    throw new TaskFailure(`${want.url}: ${stderr.slice(0, failed.index).trim()}`);
  }
  return `sha256:${stdout.slice(0, 64)}`;
}

async function localSum(path: string, wanted: string, host: HostReader): Promise<string> {
  const algorithm = wanted.split(':', 1)[0]!;
  const { stdout } = await host.look(sh`${`${algorithm}sum`} <${path}`);
  return `${algorithm}:${stdout.split(' ', 1)[0]}`;
}

async function download(list: readonly Change[], want: Want, have: State, host: Host): Promise<void> {
  const check = have.wanted ?? '';
  const [algorithm = '', digest = ''] = check.split(':', 2);
  const lines = [
    sh`set -e; p=${have.path}; [ ! -L "$p" ] || p=$(readlink -f -- "$p")`,
    rawShell('t=$(mktemp -- "$(dirname -- "$p")/.foobar.XXXXXXXX"); trap \'rm -f -- "$t"\' EXIT'),
    rawShell('curl --disable --config - --output "$t"'),
    check === ''
      ? rawShell(':')
      : sh`s=$(${`${algorithm}sum`} <"$t"); [ "\${s%% *}" = ${digest} ] || { echo "its checksum is \${s%% *} and not" ${digest} >&2; exit 90; }`,
    rawShell(
      'if [ -e "$p" ]; then chown --reference="$p" -- "$t"; chmod --reference="$p" -- "$t"; else chmod 644 -- "$t"; fi',
    ),
    ...attributeCommands(list, rawShell('"$t"')),
    rawShell('sync -- "$t"; mv -fT -- "$t" "$p"; trap - EXIT'),
  ];
  const { code, stderr } = await host.job(
    `get_url ${have.path}`,
    rawShell(lines.map((line) => line.text).join('\n')),
    { stdin: curlConfig(want, [['fail'], ['location']]), expect: 'any' },
  );
  requireCurl(code, host.name);
  if (code !== 0) throw new TaskFailure(`${want.url}: ${stderr.trim().split('\n').slice(-3).join('\n')}`);
}
