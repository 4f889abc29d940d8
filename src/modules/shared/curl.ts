import { z } from 'zod';
import { NotYet } from '../../errors.ts';
import { ansibleBoolean, hostPath, seconds, text } from './params.ts';

/** Parameters of every module that speaks HTTP from the host. */
export const httpParams = {
  url: z
    .string()
    .regex(/^(https?|ftp):\/\//, 'expected a URL with http:// or https://')
    .describe('Where to.'),
  headers: z.record(z.string(), text).default({}).describe('Header lines to send.'),
  timeout: seconds.default(30).describe('Seconds for the connection, and for the whole request of uri.'),
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
  http_agent: z.string().default('foobar').describe('What to say in User-Agent.'),
};
const shape = z.object(httpParams);
export type HttpWant = z.output<typeof shape>;

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
    ['connect-timeout', String(want.timeout)],
    ['user-agent', want.http_agent],
    ...Object.entries(want.headers).map(([name, value]): [string, string] => [
      'header',
      value === '' ? `${name};` : `${name}: ${value}`,
    ]),
    ...more,
  ];
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
