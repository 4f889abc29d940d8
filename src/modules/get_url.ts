import { posix } from 'node:path';
import { z } from 'zod';
import { NotYet, TaskFailure } from '../errors.ts';
import type { HostReader } from '../host/contract.ts';
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
import { digestFor, fetchFile, fetchSums, nameOf, resolved } from './shared/download.ts';
import { ansibleBoolean, hostPath, integer, moduleParams } from './shared/params.ts';
import { pathInfo } from './shared/path-info.ts';
import { requireDirectory } from './shared/placing.ts';
import { rememberedFor, rememberFor } from './shared/remember.ts';

const params = moduleParams({
  ...httpParams,
  url: z
    .string()
    .regex(/^(https?|ftp|file):/, 'expected a URL with http://, https://, ftp:// or file://')
    .describe('What to download.'),
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
      'Fetch and compare each time. Without it what is there is fetched again only when the server has something newer, or as checksum says.',
    ),
  tmp_dest: hostPath
    .optional()
    .describe('Directory of the host to download into. Default: that of the file.'),
  backup: ansibleBoolean.default(false).describe('Keep a copy of the file that is replaced.'),
  ...fileAttributes,
});
type Want = z.output<typeof params>;

interface State {
  readonly path: string;
  readonly there: FileStat | undefined;
  readonly differs: boolean;
  /** `algorithm:digest` of the file that is there, and of the one that is wanted, as far as they had to be known. */
  readonly sum?: string | undefined;
  readonly wanted?: string | undefined;
  /** Keys of the result. */
  readonly values: Readonly<Record<string, unknown>>;
}

export default state<Want, State>({
  summary: 'Download files from HTTP, HTTPS or FTP to hosts. Needs curl there.',
  params,

  async have(want, host) {
    const done = rememberedFor(want) as { path?: string; checksum_src?: string };
    if (done.path !== undefined) return again(want, done.path, `sha1:${done.checksum_src}`, host);
    const { path, there, inside } = await destination(want, host);
    if (there === undefined) await requireDirectory(posix.dirname(path), host);
    await Promise.all([requireNames(want, host, there), requireTemporary(want, host)]);
    const wanted = want.checksum === undefined ? undefined : await expected(want, host);
    if (there === undefined) return { path, there, wanted, differs: true, values: {} };
    if (wanted !== undefined) {
      const sum = await localSum(path, wanted, host);
      const values = { msg: 'file already exists', elapsed: 0, checksum_dest: null, checksum_src: null };
      return { path, there, sum, wanted, differs: sum !== wanted, values };
    }
    const since = want.force || inside ? undefined : there.modified;
    const fetched = await fetchSums(await resolved(want, host), since, host);
    if (fetched.unchanged) return { path, there, differs: false, values: fetched.values };
    const sum = await localSum(path, 'sha1:', host);
    const [sha1, md5sum] = fetched.sums;
    const values = { ...fetched.values, checksum_src: sha1, checksum_dest: sum.slice(5), md5sum };
    return { path, there, sum, wanted: `sha1:${sha1}`, differs: sum !== `sha1:${sha1}`, values };
  },

  diff(want, have) {
    if (have.there === undefined)
      return [{ what: 'content', from: 'absent', to: want.url }, ...initialAttributes(want, false)];
    const content: Change[] = have.differs ? [{ what: 'content', from: have.sum, to: have.wanted }] : [];
    return [...content, ...attributeChanges(want, have.there)];
  },

  async fix(list, want, have, host) {
    if (!have.differs) {
      if (want.checksum !== undefined)
        rememberFor(want, { msg: 'file already exists but file attributes changed' });
      return fixAttributes(list, have.path, host);
    }
    if (have.there !== undefined && want.backup) await backUp(have.path, host, want);
    const [algorithm = '', digest = ''] = (want.checksum && have.wanted ? have.wanted : '').split(':', 2);
    const check = sh`s=$(${`${algorithm}sum`} <"$t"); [ "\${s%% *}" = ${digest} ] || { echo "The checksum of what came did not match" ${digest}"; it was \${s%% *}." >&2; exit 90; }`;
    const fetched = await fetchFile(
      await resolved(want, host),
      have.path,
      [...(algorithm === '' ? [] : [check]), ...attributeCommands(list, rawShell('"$t"'))],
      host,
    );
    const [checksum_src, md5sum] = fetched.sums;
    const before = have.there === undefined ? null : have.sum;
    const checksum_dest = before?.startsWith('sha1:') ? before.slice(5) : null;
    rememberFor(want, { ...fetched.values, path: have.path, checksum_src, checksum_dest, md5sum });
  },

  result(want, have) {
    const { path: _path, ...fetched } = rememberedFor(want);
    return {
      dest: have.path,
      url: want.url,
      ...have.values,
      ...fetched,
      ...(have.there === undefined ? {} : pathInfo(have.there)),
      ...backupResult(want),
    };
  },
});

/** What is there after a download: it is not asked for once more. */
async function again(want: Want, path: string, wanted: string, host: HostReader): Promise<State> {
  const there = await host.ask(stat, { path, follow: true });
  await requireNames(want, host, there);
  const sum = there && (await localSum(path, wanted, host));
  return { path, there, sum, wanted, differs: sum !== wanted, values: {} };
}

async function destination(
  want: Want,
  host: HostReader,
): Promise<{ path: string; there: FileStat | undefined; inside: boolean }> {
  const dest = want.dest.replace(/(?<=.)\/+$/, '');
  const found = await host.ask(stat, { path: dest, follow: true });
  if (found?.type !== 'directory') return { path: dest, there: found, inside: false };
  const path = `${dest}/${await nameOf(await resolved(want, host), host)}`;
  return { path, there: await host.ask(stat, { path, follow: true }), inside: true };
}

async function requireTemporary({ tmp_dest }: Want, host: HostReader): Promise<void> {
  if (tmp_dest === undefined) return;
  const found = await host.ask(stat, { path: tmp_dest, follow: true });
  if (found === undefined) throw new NotYet(`${tmp_dest} directory does not exist.`);
  if (found.type !== 'directory') throw new TaskFailure(`${tmp_dest} is a file but should be a directory.`);
}

/** `algorithm:digest` of the parameter, fetched from a list when that is what it names. */
async function expected(want: Want, host: HostReader): Promise<string> {
  const [, algorithm = '', digest = ''] = /^(\w+):(.*)$/s.exec(want.checksum ?? '') ?? [];
  if (!/^(https?|ftp|file):/.test(digest)) return `${algorithm}:${digest.toLowerCase()}`;
  const { code, stdout, stderr } = await host.look(sh`curl --disable --config -`, {
    stdin: curlConfig({ ...want, url: digest }, [['fail'], ['location']]),
    expect: 'any',
  });
  requireCurl(code, host.name);
  if (code !== 0) throw new TaskFailure(`${digest}: ${stderr.trim()}`);
  return `${algorithm}:${digestFor(stdout, want.url, digest)}`;
}

async function localSum(path: string, wanted: string, host: HostReader): Promise<string> {
  const algorithm = wanted.split(':', 1)[0]!;
  const { stdout } = await host.look(sh`${`${algorithm}sum`} <${path}`);
  return `${algorithm}:${stdout.split(' ', 1)[0]}`;
}
