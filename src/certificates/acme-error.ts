import { formatSpan, formatTime } from './lifetime.ts';

/** The CA refused, limited or could not be reached. The message says what, `retryAt` when to try again if it is known. */
export class AcmeError extends Error {
  override readonly name = 'AcmeError';
  /** RFC 8555 section 6.7 type without its prefix (`rateLimited`), or `unreachable`, `invalidResponse`. */
  readonly type: string;
  readonly status: number | undefined;
  readonly retryAt: Date | undefined;

  constructor(message: string, type: string, details: { status?: number; retryAt?: Date | undefined } = {}) {
    super(message);
    this.type = type;
    this.status = details.status;
    this.retryAt = details.retryAt;
  }

  /** The CA no longer knows what was asked for (an order, an account). */
  get isGone(): boolean {
    return this.status === 404 || ['malformed', 'unauthorized', 'accountDoesNotExist'].includes(this.type);
  }
}

interface Answer {
  readonly status: number;
  readonly headers: Readonly<Record<string, unknown>>;
  readonly data: unknown;
}

const prefix = 'urn:ietf:params:acme:error:';

/** RFC 8555 section 6.7: the problem document of an answer in words. */
export function problemOf(answer: Answer, authority: string, now: Date): AcmeError {
  const problem = asProblem(answer.data);
  const type = problem.type?.startsWith(prefix) ? problem.type.slice(prefix.length) : (problem.type ?? '');
  const parts = problem.subproblems.map((part) => {
    const name = part.identifier?.value;
    return `${name ? `${name}: ` : ''}${part.detail ?? part.type ?? ''}`;
  });
  const detail = [problem.detail ?? '', ...parts].filter((text) => text !== '').join('; ');
  const retryAt = retryAfter(answer.headers['retry-after'], now);
  const isLimit = answer.status === 429 || type === 'rateLimited';
  const what = isLimit
    ? `${authority} limits the rate of requests`
    : answer.status >= 500
      ? `${authority} fails with status ${answer.status}`
      : `${authority} refuses with status ${answer.status}${type ? ` (${type})` : ''}`;
  const when = retryAt
    ? `; try again after ${formatTime(retryAt)} (in ${formatSpan(retryAt.getTime() - now.getTime())})`
    : '';
  return new AcmeError(
    `${what}${detail ? `: ${detail.trim()}` : ''}${when}`,
    isLimit ? 'rateLimited' : type,
    {
      status: answer.status,
      retryAt,
    },
  );
}

/** RFC 9110 section 10.2.3: seconds or a date. */
export function retryAfter(header: unknown, now: Date): Date | undefined {
  if (typeof header !== 'string' || header.trim() === '') return undefined;
  if (/^\d+$/.test(header.trim())) return new Date(now.getTime() + Number(header) * 1000);
  const date = new Date(header);
  return Number.isNaN(date.getTime()) ? undefined : date;
}

/** A request without an answer: name, connection, TLS, time. */
export function unreachable(error: NodeJS.ErrnoException, url: string, timeout: number): AcmeError {
  const why =
    error.code === 'ECONNABORTED' || error.code === 'ETIMEDOUT'
      ? `no answer within ${timeout / 1000} s`
      : error.message || error.code || 'no connection';
  return new AcmeError(`${url} cannot be reached: ${why}`, isUntrusted(error) ? 'untrusted' : 'unreachable');
}

function isUntrusted(error: NodeJS.ErrnoException): boolean {
  return /CERT|UNABLE_TO_VERIFY|UNABLE_TO_GET_ISSUER/.test(error.code ?? '');
}

interface Problem {
  readonly type?: string | undefined;
  readonly detail?: string | undefined;
  readonly identifier?: { readonly value?: string };
  readonly subproblems: readonly Omit<Problem, 'subproblems'>[];
}

function asProblem(data: unknown): Problem {
  let value = data;
  if (typeof value === 'string') {
    try {
      value = JSON.parse(value);
    } catch {
      return { detail: String(data).trim().slice(0, 200), subproblems: [] };
    }
  }
  if (value === null || typeof value !== 'object') return { subproblems: [] };
  const problem = value as Partial<Problem>;
  return { ...problem, subproblems: Array.isArray(problem.subproblems) ? problem.subproblems : [] };
}
