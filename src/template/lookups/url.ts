import { spawnSync } from 'node:child_process';
import { TaskFailure } from '../../errors.ts';
import { isDict, text } from '../python.ts';
import { inTurn } from '../turn.ts';
import { saysYes } from '../words.ts';
import { lines } from './commands.ts';
import type { Lookups } from './contract.ts';

/** Templates are rendered in one go, so the request is made by a second process that is waited for. */
const request = `
import { readFileSync } from 'node:fs';
const { url, headers, seconds } = JSON.parse(readFileSync(0, 'utf8'));
try {
  const response = await fetch(url, { headers, signal: AbortSignal.timeout(seconds * 1000) });
  const body = await response.text();
  console.log(JSON.stringify({ status: response.status, reason: response.statusText, body }));
} catch (error) {
  console.log(JSON.stringify({ error: error.cause?.message || error.message }));
}
`;

interface Answer {
  readonly status?: number;
  readonly reason?: string;
  readonly body?: string;
  readonly error?: string;
}

const longest = 300;

/** Ansible's `url`: what an address answers, line by line unless split_lines is false. */
export const url: Lookups = {
  url: (terms, { options }) =>
    terms.flatMap((term) => {
      const address = text(term);
      if (!/^https?:\/\//i.test(address))
        throw new TaskFailure(`the lookup 'url' asks http and https addresses, not ${address}`);
      if (!saysYes(options.validate_certs ?? true))
        throw new TaskFailure(
          "the lookup 'url' always checks certificates",
          'give NODE_EXTRA_CA_CERTS the file of the authority that signed the certificate',
        );
      const { status = 0, reason, body = '', error } = ask(address, options);
      if (error !== undefined) throw new TaskFailure(`the lookup 'url' cannot reach ${address}: ${error}`);
      if (status >= 400)
        throw new TaskFailure(`the lookup 'url' got an error for ${address}: HTTP ${status} ${reason}`);
      return saysYes(options.split_lines ?? true) ? lines(body) : [body];
    }),
};

function ask(address: string, options: Record<string, unknown>): Answer {
  inTurn("lookup('url')");
  const headers: Record<string, string> = { 'user-agent': text(options.http_agent ?? 'ansible-httpget') };
  if (isDict(options.headers))
    for (const [name, value] of Object.entries(options.headers)) headers[name] = text(value);
  if (options.username !== undefined && options.username !== null) {
    const pair = `${text(options.username)}:${text(options.password ?? '')}`;
    headers.authorization = `Basic ${Buffer.from(pair).toString('base64')}`;
  }
  const seconds = Math.min(Math.max(Number(options.timeout ?? 10) || 10, 0.1), longest);
  const done = spawnSync(process.execPath, ['--input-type=module', '-e', request], {
    input: JSON.stringify({ url: address, headers, seconds }),
    timeout: (seconds + 5) * 1000,
    maxBuffer: 64 * 1024 * 1024,
    stdio: ['pipe', 'pipe', 'ignore'],
  });
  if (done.error) return { error: done.error.message };
  try {
    return JSON.parse(done.stdout.toString('utf8')) as Answer;
  } catch {
    return { error: 'no answer in time' };
  }
}
