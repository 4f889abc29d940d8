import { createRequire } from 'node:module';

const require = createRequire(import.meta.url);

/** What an HTTP server answered, besides the body. Header names are keys as Ansible writes them. */
export interface Answer {
  readonly status: number;
  /** Where the last of the redirects led. */
  readonly url: string;
  /** Where a redirect that was not followed leads. */
  readonly redirect: string | undefined;
  readonly headers: Readonly<Record<string, string>>;
  readonly cookies: readonly string[];
}

/** What `curl --write-out` has to say for readAnswer. */
export const writeOut = '%{stderr}\n%{json}\n%{header_json}';

/** Reads what `write-out` put at the end of standard error; undefined when there was no answer. */
export function readAnswer(stderr: string): Answer | undefined {
  const start = stderr.indexOf('\n{');
  if (start < 0) return undefined;
  const [facts = '', ...rest] = stderr.slice(start + 1).split('\n');
  const about = parsed(facts) as
    | { http_code: number; url_effective: string; redirect_url: string | null }
    | undefined;
  if (about === undefined || about.http_code === 0) return undefined;
  const given = (parsed(rest.join('\n')) ?? {}) as Record<string, string[]>;
  const headers = Object.entries(given).map(([name, values]) => [
    name.replaceAll('-', '_').toLowerCase(),
    values.join(', '),
  ]);
  const named = Object.fromEntries(headers);
  // Where curl left the body alone it does not say where the redirect leads.
  const leads = about.http_code >= 300 && about.http_code < 400 ? (named.location as string) : undefined;
  return {
    status: about.http_code,
    url: about.url_effective,
    redirect: about.redirect_url ?? (leads && new URL(leads, about.url_effective).toString()),
    headers: named,
    cookies: Object.entries(given).flatMap(([name, values]) =>
      name.toLowerCase() === 'set-cookie' ? values : [],
    ),
  };
}

/** As Python's urllib words it. Loading Node's HTTP takes 5 ms, which only a failure is worth. */
export function httpError(status: number): string {
  const { STATUS_CODES } = require('node:http') as typeof import('node:http');
  return `HTTP Error ${status}: ${STATUS_CODES[status] ?? ''}`;
}

/** The keys that Ansible's fetch_url gives for an answer to a request for `url`. */
export function answerValues(answer: Answer, url: string): Record<string, unknown> {
  const { status, headers } = answer;
  const location =
    headers.location === undefined ? {} : { location: new URL(headers.location, url).toString() };
  // Python's urllib has it that all else is an error, with the address that was asked.
  if (status < 200 || status >= 300) {
    const msg = httpError(status);
    return { redirected: false, ...headers, ...location, status, url, msg };
  }
  const pairs = answer.cookies.map((line) => {
    const pair = line.split(';', 1)[0] ?? '';
    const at = pair.indexOf('=');
    return [pair.slice(0, at).trim(), pair.slice(at + 1).trim()] as const;
  });
  return {
    redirected: answer.url !== url,
    ...headers,
    ...location,
    cookies: Object.fromEntries(pairs),
    cookies_string: pairs.map(([name, value]) => `${name}=${value}`).join('; '),
    status,
    url: answer.url,
    msg: `OK (${headers.content_length ?? 'unknown'} bytes)`,
  };
}

/** Whether a Content-Type says that the body may be JSON. */
export function isJson(type: string | undefined): boolean {
  const kind = type?.split(';', 1)[0]?.trim().toLowerCase().split('/')[1] ?? '';
  return ['json', 'javascript'].includes(kind.includes('+') ? kind.slice(kind.indexOf('+') + 1) : kind);
}

/** The file's name that an answer gives itself. */
export function namedBy(headers: Readonly<Record<string, string>>): string | undefined {
  const [, quoted, plain] =
    /;\s*filename=(?:"([^"]*)"|([^;\s]+))/i.exec(headers.content_disposition ?? '') ?? [];
  return (quoted ?? plain)?.split('/').at(-1) || undefined;
}

/** The value of JSON; undefined for what is none. */
export function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
