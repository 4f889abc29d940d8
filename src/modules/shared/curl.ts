import { z } from 'zod';
import { NotYet } from '../../errors.ts';
import { ansibleBoolean, ansibleList, hostPath, text } from './params.ts';

/** Parameters of every module that speaks HTTP from the host. */
export const httpParams = {
  url: z
    .string()
    .regex(/^(https?|ftp):\/\//, 'expected a URL with http:// or https://')
    .describe('Where to.'),
  headers: z.record(z.string(), text).default({}).describe('Header lines to send.'),
  validate_certs: ansibleBoolean.default(true).describe('Refuse a server whose certificate is not valid.'),
  ca_path: hostPath.optional().describe('File of the host with the certificates to trust.'),
  client_cert: hostPath.optional().describe('File of the host with the client certificate.'),
  client_key: hostPath.optional().describe('File of the host with the key of the client certificate.'),
  url_username: text
    .optional()
    .describe('User for HTTP authentication.')
    .meta({ aliases: ['user', 'username'] }),
  url_password: text
    .optional()
    .describe('Password for HTTP authentication.')
    .meta({ aliases: ['password'] }),
  use_proxy: ansibleBoolean
    .default(true)
    .describe('Go through the proxy that the environment of the task names.'),
  use_netrc: ansibleBoolean
    .default(true)
    .describe('Take user and password for a host from .netrc when none are given.'),
  unredirected_headers: ansibleList
    .default([])
    .describe('Names of headers that are not sent where a redirect leads.'),
  decompress: ansibleBoolean.default(true).describe('Unpack an answer that comes compressed.'),
  ciphers: z
    .preprocess((value) => (typeof value === 'string' ? value.split(',') : value), z.array(z.string()))
    .optional()
    .describe('TLS ciphers to use, in the words of OpenSSL.'),
  use_gssapi: z
    .preprocess(
      (value) => (['no', 'false'].includes(String(value).toLowerCase()) ? false : value),
      z.literal(false, { error: 'authentication by GSSAPI (Kerberos) is not supported' }),
    )
    .default(false)
    .describe('Only no: there is no authentication by GSSAPI.'),
  http_agent: z.string().default('foobar').describe('What to say in User-Agent.'),
};
const shape = z.object(httpParams);
export type HttpWant = z.output<typeof shape> & { readonly timeout: number };

/**
 * Lines for `curl --config -`: in this way headers, bodies and passwords go over standard input and never stand
 * in the arguments of a process.
 */
export function curlConfig(want: HttpWant, more: readonly [string, string?][] = []): string {
  const options: [string, string?][] = [
    ['url', want.url],
    ['silent'],
    ['show-error'],
    ['globoff'],
    ['http1.1'],
    ['connect-timeout', String(want.timeout)],
    ['user-agent', want.http_agent],
    // As Python's urllib; the server's answer has it too.
    ['header', 'Connection: close'],
    ...Object.entries(want.headers).map(([name, value]): [string, string] => [
      'header',
      value === '' ? `${name};` : `${name}: ${value}`,
    ]),
    ...more,
  ];
  if (want.decompress) {
    options.push(['compressed']);
    // As Ansible: nothing compressed is asked for, but what comes so is unpacked.
    if (!hasHeader(want.headers, 'accept-encoding')) options.push(['header', 'Accept-Encoding: identity']);
  }
  if (want.ciphers !== undefined) options.push(['ciphers', want.ciphers.join(':')]);
  if (!want.use_proxy) options.push(['noproxy', '*']);
  if (want.use_netrc && want.url_username === undefined) options.push(['netrc-optional']);
  if (!want.validate_certs) options.push(['insecure']);
  if (want.ca_path !== undefined) options.push(['cacert', want.ca_path]);
  if (want.client_cert !== undefined) options.push(['cert', want.client_cert]);
  if (want.client_key !== undefined) options.push(['key', want.client_key]);
  if (want.url_username !== undefined)
    options.push(['user', `${want.url_username}:${want.url_password ?? ''}`]);
  return `${options.map(([name, value]) => (value === undefined ? name : `${name} = ${quoted(value)}`)).join('\n')}\n`;
}

/** The same for a file that is simply fetched; what is wrong there is curl's exit code. */
export function downloadConfig(url: string, validate_certs = true): string {
  const want = { ...shape.parse({ url, validate_certs }), timeout: 10 };
  return curlConfig(want, [['fail'], ['location']]);
}

/** Whether a header is among those of a request, in any case. */
export function hasHeader(headers: Record<string, string>, name: string): boolean {
  return Object.keys(headers).some((key) => key.toLowerCase() === name);
}

/** What is asked of the place that a redirect leads to: without the headers that are not to go there. */
export function afterRedirect<W extends HttpWant>(want: W, url: string): W {
  const dropped = want.unredirected_headers.map((name) => name.toLowerCase());
  const headers = Object.entries(want.headers).filter(([name]) => !dropped.includes(name.toLowerCase()));
  return { ...want, url, headers: Object.fromEntries(headers), unredirected_headers: [] };
}

/** A value as curl(1) reads it in a configuration file. */
function quoted(value: string): string {
  const escapes: Record<string, string> = {
    '\\': '\\\\',
    '"': '\\"',
    '\n': '\\n',
    '\r': '\\r',
    '\t': '\\t',
    '\v': '\\v',
  };
  return `"${value.replaceAll(/[\\"\n\r\t\v]/g, (char) => escapes[char]!)}"`;
}

/** Throws NotYet for the exit code that says that there is no curl. */
export function requireCurl(code: number, host: string): void {
  if (code === 127)
    throw new NotYet(`curl is not installed on ${host}`, 'install the package curl before (apt: name=curl)');
}
