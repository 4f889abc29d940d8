import { posix } from 'node:path';
import { TaskFailure } from '../../errors.ts';
import type { Host, HostReader, Output, RunOptions } from '../../host/contract.ts';
import { type Command, rawShell, sh } from '../../host/sh.ts';
import { afterRedirect, curlConfig, type HttpWant, requireCurl } from './curl.ts';
import { type Answer, httpError, namedBy, readAnswer, writeOut } from './http-answer.ts';

export interface Wanted extends HttpWant {
  readonly dest: string;
  readonly force: boolean;
  readonly tmp_dest?: string | undefined;
}

/** What came of a request. */
export interface Fetched {
  /** The server said that nothing is newer: there are no sums. */
  readonly unchanged: boolean;
  /** SHA-1 and MD5 of what came. */
  readonly sums: readonly [string, string];
  /** Keys of the result: `msg`, `status_code`, `elapsed`. */
  readonly values: Readonly<Record<string, unknown>>;
}

/** Goes where a first redirect leads, when headers must not go there; later redirects curl follows by itself. */
export async function resolved<W extends Wanted>(want: W, host: HostReader): Promise<W> {
  if (want.unredirected_headers.length === 0) return want;
  const stdin = curlConfig(want, [
    ['output', '/dev/null'],
    // Only the head of the answer matters.
    ['max-filesize', '1'],
    ['write-out', writeOut],
  ]);
  const { stderr } = await host.look(sh`curl --disable --config -`, { stdin, expect: 'any' });
  const redirect = readAnswer(stderr)?.redirect;
  return redirect === undefined ? want : afterRedirect(want, redirect);
}

/** The name that a file gets in a directory: its own, or the end of the URL that redirects lead to. */
export async function nameOf(want: Wanted, host: HostReader): Promise<string> {
  const stdin = curlConfig(want, [['head'], ['location'], ['output', '/dev/null'], ['write-out', writeOut]]);
  const { code, stderr } = await host.look(sh`curl --disable --config -`, { stdin, expect: 'any' });
  requireCurl(code, host.name);
  const answer = readAnswer(stderr);
  const ok = answer !== undefined && answer.status < 300;
  const name = posix.basename(new URL(ok ? answer.url : want.url).pathname);
  return (ok && namedBy(answer.headers)) || decodeURIComponent(name) || 'index.html';
}

/** Fetches to nowhere, to compare. `since`: only what was changed after that, in seconds since 1970. */
export async function fetchSums(want: Wanted, since: number | undefined, host: HostReader): Promise<Fetched> {
  return request(want, since, (command, options) => host.look(command, options), host, [
    rawShell(`t=$(mktemp) || exit; trap 'rm -f -- "$t"' EXIT`),
    fetching,
    summing,
  ]);
}

/** Fetches into a file, which is replaced in one step. `more` are commands about the new file `"$t"`. */
export async function fetchFile(
  want: Wanted,
  path: string,
  more: readonly Command[],
  host: Host,
): Promise<Fetched> {
  const near = rawShell('t=$(mktemp -- "$(dirname -- "$p")/.foobar.XXXXXXXX")');
  const remove = rawShell(`trap 'rm -f -- "$t" $u' EXIT`);
  const elsewhere =
    want.tmp_dest === undefined
      ? []
      : [sh`u=$(mktemp -- ${want.tmp_dest}/foobar.XXXXXXXX)`, rawShell('t2=$t; t=$u')];
  const back = want.tmp_dest === undefined ? [] : [rawShell('t=$t2; cat -- "$u" >"$t"')];
  return request(want, undefined, (command, options) => host.job(`get_url ${path}`, command, options), host, [
    sh`set -e; p=${path}; [ ! -L "$p" ] || p=$(readlink -f -- "$p")`,
    near,
    rawShell('u='),
    remove,
    ...elsewhere,
    remove,
    rawShell('set +e'),
    fetching,
    summing,
    rawShell('set -e'),
    ...back,
    rawShell(
      'if [ -e "$p" ]; then chown --reference="$p" -- "$t"; chmod --reference="$p" -- "$t"; else chmod 644 -- "$t"; fi',
    ),
    ...more,
    rawShell('sync -- "$t"; mv -fT -- "$t" "$p"'),
  ]);
}

/** A status of an error ends it here; the file that is there stays. Nothing is asked for from those of ftp and file. */
const fetching = rawShell(`curl --disable --config - --output "$t" || exit
[ -s "$t" ] || : >"$t"`);
const summing = rawShell('sha1sum <"$t"; md5sum <"$t"');

async function request(
  want: Wanted,
  since: number | undefined,
  run: (command: Command, options: RunOptions) => Promise<Output>,
  host: HostReader,
  lines: readonly Command[],
): Promise<Fetched> {
  const begun = Date.now();
  const conditional: [string, string][] = want.force
    ? [['header', 'Cache-Control: no-cache']]
    : since === undefined
      ? []
      : [['header', `If-Modified-Since: ${new Date(Math.floor(since) * 1000).toUTCString()}`]];
  const stdin = curlConfig(want, [['fail'], ['location'], ['write-out', writeOut], ...conditional]);
  const script = rawShell(lines.map((line) => line.text).join('\n'));
  const { code, stdout, stderr } = await run(script, { stdin, expect: 'any' });
  requireCurl(code, host.name);
  const answer = readAnswer(stderr);
  const failure = failureOf(answer, code, stderr);
  const status = answer?.status;
  const elapsed = Math.floor((Date.now() - begun) / 1000);
  if (failure !== undefined) {
    const { url, dest } = want;
    const values = { status_code: status ?? -1, response: failure, url, dest, elapsed };
    throw new TaskFailure(`Request failed: ${url}: ${failure}`, undefined, values);
  }
  const msg =
    status === 304
      ? 'HTTP Error 304: Not Modified'
      : `OK (${answer?.headers.content_length ?? 'unknown'} bytes)`;
  const [sha1 = '', md5 = ''] = stdout.split('\n').map((line) => line.split(' ', 1)[0]!);
  return {
    unchanged: status === 304,
    sums: [sha1, md5],
    values: { msg, status_code: status ?? null, elapsed },
  };
}

function failureOf(answer: Answer | undefined, code: number, stderr: string): string | undefined {
  if (answer !== undefined && ![200, 304].includes(answer.status)) return httpError(answer.status);
  if (code === 0) return undefined;
  const said = stderr
    .replace(/\n\{"[\s\S]*\}/, '\n')
    .split('\n')
    .filter((line) => line !== '');
  return said.slice(-3).join('\n');
}

/** The digest of a URL's file in a list such as SHA256SUMS, of GNU or BSD; a list of one digest needs no name. */
export function digestFor(list: string, url: string, from: string): string {
  const name = posix.basename(new URL(url).pathname) || 'index.html';
  const lines = list.split('\n').filter((line) => line.trim() !== '');
  const digests = lines.flatMap((line) => {
    const [, bsdPath, bsdDigest] = /^\w+ ?\((.+)\) ?= ([\w.]+)$/.exec(line) ?? [];
    const [, gnuDigest, gnuPath] = /^([\w.]+)\s+(?:\*|\.\/|\.)?(.+)$/.exec(line) ?? [];
    const path = bsdPath ?? gnuPath?.replace(/^[./]+/, '');
    return path !== undefined && posix.basename(path.trim()) === name ? [bsdDigest ?? gnuDigest ?? ''] : [];
  });
  const only = lines.length === 1 && !/\s/.test(lines[0]!.trim()) ? lines[0]!.trim() : undefined;
  const digest = digests[0] ?? only;
  if (digest === undefined || !/^[0-9a-f]{32,}$/i.test(digest))
    throw new TaskFailure(`Unable to find a checksum for file '${name}' in '${from}'`);
  return digest.toLowerCase();
}
