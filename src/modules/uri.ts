import { z } from 'zod';
import { TaskFailure } from '../errors.ts';
import { sh } from '../host/sh.ts';
import { action } from './contract.ts';
import { nothingToDo } from './shared/commands.ts';
import { curlConfig, httpParams, requireCurl } from './shared/curl.ts';
import { ansibleBoolean, hostPath, integer, moduleParams, text } from './shared/params.ts';

const params = moduleParams({
  ...httpParams,
  method: z
    .string()
    .regex(/^[A-Z]+$/, 'expected a method such as GET or POST')
    .default('GET')
    .describe('Method of the request.'),
  body: z.unknown().optional().describe('What to send.'),
  body_format: z
    .enum(['raw', 'json', 'form-urlencoded'])
    .default('raw')
    .describe('How to write the body; json and form-urlencoded set Content-Type too.'),
  status_code: z
    .preprocess((value) => (Array.isArray(value) ? value : [value]), z.array(integer).min(1))
    .default([200])
    .describe('Answers that are a success.'),
  return_content: ansibleBoolean.default(false).describe('Return the body of the answer as `content`.'),
  follow_redirects: z
    .enum(['all', 'none', 'safe', 'yes', 'no', 'urllib2'])
    .default('safe')
    .describe('Redirects to follow: safe are those of GET and HEAD.'),
  force_basic_auth: ansibleBoolean
    .default(false)
    .describe('Accepted for Ansible; basic authentication is always sent at once.'),
  unix_socket: hostPath.optional().describe('Socket of the host to speak to in place of a port.'),
  creates: text.optional().describe('A path or a pattern; when something is there nothing is sent.'),
  removes: text.optional().describe('A path or a pattern; when nothing is there nothing is sent.'),
});
type Want = z.output<typeof params>;

const harmless = ['GET', 'HEAD', 'OPTIONS'];

export default action<Want>({
  summary: 'Speak with a web service from hosts. Needs curl there.',
  params,
  effect: 'reads',
  waits: true,
  settled: (want, host) => nothingToDo({ ...want, stdin_add_newline: false, strip_empty_ends: false }, host),

  async run(want, host, context) {
    const safe = harmless.includes(want.method);
    if (context.check && !safe)
      return { changed: false, skipped: `${want.method} is not sent in check mode` };
    const begun = Date.now();
    const options = { stdin: request(want), expect: 'any' as const };
    const command = sh`curl --disable --config -`;
    const { code, stdout, stderr } = await (safe ? host.look(command, options) : host.run(command, options));
    requireCurl(code, host.name);
    const elapsed = Math.floor((Date.now() - begun) / 1000);
    const answer = readAnswer(stderr);
    if (answer === undefined || answer.status === 0) {
      const failed = `${want.url}: ${stderr.split('\n', 1)[0] || `curl ended with exit code ${code}`}`;
      return { changed: false, failed, values: { status: -1, url: want.url, msg: failed, elapsed } };
    }
    const { status, url, headers } = answer;
    const ok = want.status_code.includes(status);
    const json = /\bjson\b/.test(String(headers.content_type ?? '')) ? parsed(stdout) : undefined;
    const values = {
      ...headers,
      status,
      url,
      redirected: url !== want.url,
      elapsed,
      msg: ok
        ? `OK (${stdout.length} bytes)`
        : `Status code was ${status} and not ${want.status_code.join(', ')}`,
      ...(want.return_content || !ok ? { content: stdout } : {}),
      ...(json === undefined ? {} : { json }),
    };
    return { changed: false, values, ...(ok ? {} : { failed: `${want.url}: ${values.msg}` }) };
  },
});

function request(want: Want): string {
  const follow =
    ['all', 'yes'].includes(want.follow_redirects) ||
    (!['none', 'no'].includes(want.follow_redirects) && harmless.includes(want.method));
  const more: [string, string?][] = [
    ['max-time', String(want.timeout)],
    // The answer's body is all that goes to standard output.
    ['write-out', '%{stderr}\n%{json}\n%{header_json}'],
    want.method === 'HEAD' ? ['head'] : ['request', want.method],
  ];
  if (follow) more.push(['location']);
  if (want.unix_socket !== undefined) more.push(['unix-socket', want.unix_socket]);
  if (want.body !== undefined && want.body !== null) {
    const types = {
      json: 'application/json',
      'form-urlencoded': 'application/x-www-form-urlencoded',
      raw: undefined,
    };
    const type = types[want.body_format];
    if (type !== undefined && !hasHeader(want.headers, 'content-type'))
      more.push(['header', `Content-Type: ${type}`]);
    more.push(['data-raw', bodyText(want)]);
  }
  return curlConfig(want, more);
}

function hasHeader(headers: Record<string, string>, name: string): boolean {
  return Object.keys(headers).some((key) => key.toLowerCase() === name);
}

function bodyText({ body, body_format }: Want): string {
  if (typeof body === 'string') return body;
  if (body_format !== 'form-urlencoded') return JSON.stringify(body);
  if (typeof body !== 'object' || body === null) throw new TaskFailure('a form needs a dict as its body');
  const pairs = Object.entries(body).flatMap(([key, value]) =>
    (Array.isArray(value) ? value : [value]).map((item): [string, string] => [key, String(item)]),
  );
  return new URLSearchParams(pairs).toString();
}

/** Reads what `write-out` put at the end of standard error. Header names become keys as Ansible writes them. */
export function readAnswer(
  stderr: string,
): { status: number; url: string; headers: Record<string, string> } | undefined {
  const start = stderr.indexOf('\n{');
  if (start < 0) return undefined;
  const [facts = '', ...rest] = stderr.slice(start + 1).split('\n');
  const about = parsed(facts) as { http_code: number; url_effective: string } | undefined;
  if (about === undefined) return undefined;
  const given = (parsed(rest.join('\n')) ?? {}) as Record<string, string[]>;
  const headers = Object.entries(given).map(([name, values]) => [
    name.replaceAll('-', '_').toLowerCase(),
    values.join(', '),
  ]);
  return { status: about.http_code, url: about.url_effective, headers: Object.fromEntries(headers) };
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
