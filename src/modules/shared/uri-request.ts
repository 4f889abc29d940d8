import type { Host, Output } from '../../host/contract.ts';
import { type Command, rawShell, sh } from '../../host/sh.ts';
import { afterRedirect, curlConfig, type HttpWant, hasHeader } from './curl.ts';
import { type Answer, readAnswer, writeOut } from './http-answer.ts';
import type { Body } from './http-body.ts';

type UriWant = HttpWant & {
  readonly method: string;
  readonly force: boolean;
  readonly follow_redirects: string;
  readonly unix_socket?: string | undefined;
};

/** What to send, and where the answer's body goes when not to standard output. */
export interface Request {
  readonly body: Body | { readonly remote: string } | undefined;
  readonly output: string | undefined;
  /** When the file in dest was written, in seconds since 1970. */
  readonly since: number | undefined;
}

/** Methods that only read. */
export const harmless = ['GET', 'HEAD', 'OPTIONS'];

/** Sends a request from the host. There is no answer when nobody gave one: the output says why. */
export async function ask(
  want: UriWant,
  request: Request,
  host: Host,
): Promise<{ output: Output; answer: Answer | undefined }> {
  const output = await send(want, request, host);
  const answer = readAnswer(output.stderr);
  if (want.unredirected_headers.length === 0 || answer?.redirect === undefined || !follows(want))
    return { output, answer };
  const second = await send(afterRedirect(want, answer.redirect), request, host);
  return { output: second, answer: readAnswer(second.stderr) };
}

/** curl reads its configuration from the first line, and the body from the rest, so that neither is an argument. */
const readsBody = rawShell(`IFS= read -r config
curl --disable --config /dev/fd/3 3<<END
$(printf %s "$config" | base64 -d)
END`);

function send(want: UriWant, request: Request, host: Host): Promise<Output> {
  const { body } = request;
  const config = configOf(want, request);
  const streams = body !== undefined && 'content' in body;
  const command: Command = streams ? readsBody : sh`curl --disable --config -`;
  const line = `${Buffer.from(config).toString('base64')}\n`;
  const stdin = streams ? Buffer.concat([Buffer.from(line), body.content]) : config;
  const options = { stdin, expect: 'any' as const };
  const reads = harmless.includes(want.method) && request.output === undefined;
  return reads ? host.look(command, options) : host.run(command, options);
}

function configOf(want: UriWant, { body, output, since }: Request): string {
  const more: [string, string?][] = [
    ['max-time', String(want.timeout)],
    // The answer's body is all that goes to standard output.
    ['write-out', writeOut],
  ];
  const header = (line: string) => more.push(['header', line]);
  if (output !== undefined) more.push(['output', output]);
  if (want.force) header('Cache-Control: no-cache');
  else if (since !== undefined)
    header(`If-Modified-Since: ${new Date(Math.floor(since) * 1000).toUTCString()}`);
  if (follows(want) && want.unredirected_headers.length === 0) more.push(['location']);
  if (want.unix_socket !== undefined) more.push(['unix-socket', want.unix_socket]);
  if (want.method === 'HEAD') more.push(['head']);
  // With a method named, curl would keep it after a redirect, where POST has to become GET.
  else if (want.method !== 'POST') more.push(['request', want.method]);
  if (body === undefined) {
    if (['POST', 'PUT', 'PATCH'].includes(want.method)) {
      more.push(['data-raw', '']);
      if (!hasHeader(want.headers, 'content-type')) header('Content-Type:');
    }
    return curlConfig(want, more);
  }
  const type = 'type' in body ? body.type : undefined;
  const fixed = 'fixed' in body;
  if (type !== undefined && (fixed || !hasHeader(want.headers, 'content-type')))
    header(`Content-Type: ${type}`);
  more.push(['data-binary', 'remote' in body ? `@${body.remote}` : '@-']);
  // A large body is not to wait until the server says that it may come.
  if (!hasHeader(want.headers, 'expect')) header('Expect:');
  const others = Object.entries(want.headers).filter(
    ([name]) => !fixed || name.toLowerCase() !== 'content-type',
  );
  return curlConfig({ ...want, headers: Object.fromEntries(others) }, more);
}

function follows({ method, follow_redirects }: UriWant): boolean {
  if (['all', 'yes'].includes(follow_redirects)) return true;
  if (['none', 'no'].includes(follow_redirects)) return false;
  return ['GET', 'HEAD', ...(follow_redirects === 'urllib2' ? ['POST'] : [])].includes(method);
}
