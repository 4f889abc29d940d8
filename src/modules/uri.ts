import { randomBytes } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { posix } from 'node:path';
import { z } from 'zod';
import { NotYet, TaskFailure } from '../errors.ts';
import type { Host, Output } from '../host/contract.ts';
import { sha256 } from '../host/queries/sha256.ts';
import { stat } from '../host/queries/stat.ts';
import { sh } from '../host/sh.ts';
import { readDecrypted } from '../vault/files.ts';
import { action, type Context } from './contract.ts';
import { fileAttributes } from './shared/attributes.ts';
import { httpParams, requireCurl } from './shared/curl.ts';
import { type Answer, answerValues, isJson, namedBy, parsed } from './shared/http-answer.ts';
import { bodyOf } from './shared/http-body.ts';
import { ansibleBoolean, hostPath, integer, remotePath, withAliases } from './shared/params.ts';
import { pathInfo } from './shared/path-info.ts';
import { fixPlace, lookAt } from './shared/placing.ts';
import { ask, harmless, type Request } from './shared/uri-request.ts';

const params = withAliases(
  z
    .strictObject({
      ...httpParams,
      timeout: integer.default(30).describe('Seconds for the whole request.'),
      method: z
        .preprocess(
          (value) => (typeof value === 'string' ? value.toUpperCase() : value),
          z.string().regex(/^[A-Z]+$/, 'expected a method such as GET or POST'),
        )
        .default('GET')
        .describe('Method of the request.'),
      body: z.unknown().optional().describe('What to send.'),
      body_format: z
        .enum(['raw', 'json', 'form-urlencoded', 'form-multipart'])
        .default('raw')
        .describe(
          'How to write the body; all but raw set Content-Type too. A field of form-multipart is a text, or a dict of filename, content, mime_type and multipart_encoding.',
        ),
      src: remotePath
        .optional()
        .describe('File to send, of the controller (looked for in files/) or of the host.'),
      remote_src: ansibleBoolean
        .default(false)
        .describe('Take src, and the files of form-multipart, from the host itself.'),
      dest: hostPath
        .optional()
        .describe('Where on the host to keep the answer; into a directory under its own name.'),
      force: ansibleBoolean
        .default(false)
        .describe('Fetch to dest though what is there is as new, and past caches.'),
      status_code: z
        .preprocess((value) => (Array.isArray(value) ? value : [value]), z.array(integer).min(1))
        .default([200])
        .describe('Answers that are a success.'),
      return_content: ansibleBoolean.default(false).describe('Return the body of the answer as `content`.'),
      follow_redirects: z
        .enum(['all', 'none', 'safe', 'yes', 'no', 'urllib2'])
        .default('safe')
        .describe('Redirects to follow: safe are those of GET and HEAD; urllib2 those of POST too.'),
      force_basic_auth: ansibleBoolean
        .default(false)
        .describe('Accepted for Ansible; basic authentication is always sent at once.'),
      unix_socket: hostPath.optional().describe('Socket of the host to speak to in place of a port.'),
      creates: hostPath.optional().describe('When this is there nothing is sent.'),
      removes: hostPath.optional().describe('When this is not there nothing is sent.'),
      ...fileAttributes,
    })
    .refine((want) => want.body === undefined || want.src === undefined, {
      error: 'give only one of body and src',
      path: ['src'],
    }),
);
type Want = z.output<typeof params>;

export default action<Want>({
  summary: 'Speak with a web service from hosts. Needs curl there.',
  params,
  effect: 'reads',
  waits: true,

  async run(want, host, context) {
    const { creates, removes } = want;
    if (creates !== undefined && (await host.ask(stat, { path: creates, follow: true })) !== undefined)
      return settled(`skipped, since '${creates}' exists`);
    if (removes !== undefined && (await host.ask(stat, { path: removes, follow: true })) === undefined)
      return settled(`skipped, since '${removes}' does not exist`);
    if (context.check && (!harmless.includes(want.method) || want.dest !== undefined))
      return { changed: false, skipped: `${want.method} is not sent in check mode` };
    const there =
      want.dest === undefined ? undefined : await host.ask(stat, { path: want.dest, follow: true });
    const folder = want.dest === undefined ? undefined : `/tmp/.foobar-${randomBytes(8).toString('hex')}`;
    if (folder !== undefined) await host.run(sh`mkdir -m 700 ${folder} && : >${folder}/answer`);
    try {
      const request = {
        body: await requestBody(want, host, context),
        output: folder && `${folder}/answer`,
        since: there?.type === 'file' && !want.force ? there.modified : undefined,
      };
      return await exchange(want, request, host);
    } finally {
      if (folder !== undefined) await host.run(sh`rm -rf -- ${folder}`);
    }
  },
});

function settled(stdout: string) {
  return { changed: false, values: { stdout, stdout_lines: [stdout] } };
}

async function exchange(want: Want, request: Request, host: Host) {
  const begun = Date.now();
  const { output, answer } = await ask(want, request, host);
  requireCurl(output.code, host.name);
  const elapsed = Math.floor((Date.now() - begun) / 1000);
  const found =
    answer === undefined
      ? { redirected: false, status: -1, url: want.url, msg: `Request failed: ${reason(output)}` }
      : answerValues(answer, want.url);
  const status = answer?.status ?? -1;
  const ok = want.status_code.includes(status);
  const type = answer?.headers.content_type;
  const { output: file } = request;
  const reads = want.return_content || isJson(type) || (status >= 300 && ok);
  const content =
    file === undefined || answer === undefined || !reads
      ? output.stdout
      : (await host.look(sh`cat -- ${file}`)).stdout;
  const json = answer === undefined || !isJson(type) ? undefined : parsed(content);
  const kept = answer === undefined ? {} : await keep(want, request, answer, ok, host);
  const msg = ok
    ? found.msg
    : `Status code was ${status} and not [${want.status_code.join(', ')}]: ${found.msg}`;
  const values = {
    ...found,
    elapsed,
    msg,
    ...kept,
    ...(want.return_content ? { content } : {}),
    // What urllib took for an error, Ansible gives as `body` where nothing else made it read it.
    ...(ok && status >= 300 && !want.return_content && !isJson(type) ? { body: content } : {}),
    ...(json === undefined ? {} : { json }),
  };
  const changed = ok && want.dest !== undefined && answer !== undefined && status !== 304;
  return { changed, values, ...(ok ? {} : { failed: String(msg) }) };
}

function reason({ code, stderr }: Output): string {
  return stderr.split('\n', 1)[0] || `curl ended with exit code ${code}`;
}

/** Puts the answer in its place. */
async function keep(
  want: Want,
  { output }: Request,
  answer: Answer,
  ok: boolean,
  host: Host,
): Promise<Record<string, unknown>> {
  const { dest } = want;
  if (dest === undefined || output === undefined) return {};
  const named = () =>
    namedBy(answer.headers) ||
    decodeURIComponent(posix.basename(new URL(answer.url).pathname)) ||
    'index.html';
  const intoDirectory = (await host.ask(stat, { path: dest, follow: true }))?.type === 'directory';
  const path = intoDirectory ? `${dest.replace(/\/+$/, '')}/${named()}` : dest;
  if (ok && answer.status !== 304) {
    const [sum, file] = await Promise.all([host.ask(sha256, output), host.ask(stat, { path: output })]);
    const { mode, owner, group } = want;
    const placing = { mode, owner, group, force: true, follow: true, backup: false };
    const source = { remote: output, sum: sum ?? '', size: file?.size ?? 0 };
    await fixPlace(await lookAt(path, source, placing, host), placing, host);
  }
  const file = await host.ask(stat, { path, follow: true });
  return { path, ...(file && pathInfo(file)) };
}

async function requestBody(want: Want, host: Host, context: Context): Promise<Request['body']> {
  if (want.src !== undefined) {
    if (!want.remote_src) return { content: readDecrypted(context.find('files', want.src)) };
    if ((await host.ask(stat, { path: want.src, follow: true })) === undefined)
      throw new NotYet(`${want.src} does not exist on ${host.name}`);
    return { remote: want.src };
  }
  return bodyOf(want.body, want.body_format, async (name) => {
    if (!want.remote_src) return readFileSync(context.find('files', name));
    const { code, stdout, stderr } = await host.look(sh`base64 -w0 <${name}`, { expect: 'any' });
    if (code !== 0) throw new TaskFailure(`cannot read ${name} on ${host.name}: ${stderr.trim()}`);
    return Buffer.from(stdout, 'base64');
  });
}
