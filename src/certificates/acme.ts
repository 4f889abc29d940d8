import { AsyncLocalStorage } from 'node:async_hooks';
import { Agent } from 'node:https';
import { setTimeout as sleep } from 'node:timers/promises';
import { rootCertificates } from 'node:tls';
import type { Authorization, Client, Order } from 'acme-client';
import { AcmeError, problemOf, retryAfter, unreachable } from './acme-error.ts';

type Account = Awaited<ReturnType<Client['createAccount']>>;

export interface AcmeOptions {
  /** URL of the ACME directory. */
  readonly directory: string;
  /** PEM of a CA that signs the directory's HTTPS, besides the well-known ones. */
  readonly ca?: string | undefined;
  /** PEM of the account's key. */
  readonly accountKey: string;
  /** Milliseconds to wait for one answer. Default 15 s. */
  readonly timeout?: number;
}

/** What an http-01 challenge asks for: `answer` under /.well-known/acme-challenge/`token` of `name`. */
export interface Challenge {
  readonly name: string;
  readonly token: string;
  readonly answer: string;
  /** Tells the CA to look. Only once the answer is there. */
  post(): Promise<void>;
}

/** One account at one CA. Every method throws AcmeError when the CA refuses, limits or cannot be reached. */
export interface AcmeSession {
  /** Registers the account, or finds it. */
  register(email: string | undefined, termsAgreed: boolean): Promise<void>;
  newOrder(names: readonly string[]): Promise<Order>;
  /** The order as it is now; undefined when the CA does not know it any more. */
  order(url: string): Promise<Order | undefined>;
  /** The challenges of an order that are still to be answered. */
  challenges(order: Order): Promise<Challenge[]>;
  /** Waits until the order is past the given states. Throws with the CA's reasons when it becomes invalid. */
  settle(order: Order, past: readonly Order['status'][], milliseconds: number): Promise<Order>;
  finalize(order: Order, names: readonly string[], key: string): Promise<Order>;
  /** The chain of a valid order, PEM. */
  download(order: Order): Promise<string>;
}

interface RequestSettings {
  readonly agent: Agent;
  readonly authority: string;
  readonly timeout: number;
}
const current = new AsyncLocalStorage<RequestSettings>();

/** Short pauses are waited for, longer ones are told to the person who waits. */
const longestPause = 3000;
const attempts = 3;

/** Opens a session. Nothing is sent yet. */
export async function openAcme(options: AcmeOptions): Promise<AcmeSession> {
  const acme = await loadClient();
  const timeout = options.timeout ?? 15_000;
  const ca = options.ca === undefined ? undefined : [...rootCertificates, options.ca];
  const settings: RequestSettings = {
    agent: new Agent({ keepAlive: false, ...(ca && { ca }) }),
    authority: new URL(options.directory).host,
    timeout,
  };
  const client = new acme.Client({ directoryUrl: options.directory, accountKey: options.accountKey });
  const ask = <T>(work: () => Promise<T>): Promise<T> =>
    current.run(settings, async () => {
      try {
        return await work();
      } catch (error) {
        if (error instanceof AcmeError) throw error;
        const { message } = error as Error;
        throw new AcmeError(
          `${settings.authority}: ${message}`,
          /nonce/i.test(message) ? 'badNonce' : 'invalidResponse',
        );
      }
    });

  return {
    register: (email, termsAgreed) =>
      ask(async () => {
        const contact = email ? [`mailto:${email}`] : [];
        const account = await findAccount(client);
        if (account) {
          const isContactNew = contact.length > 0 && account.contact?.join() !== contact.join();
          if (isContactNew) await client.updateAccount({ contact });
          return;
        }
        const terms = await client.getTermsOfServiceUrl();
        if (terms && !termsAgreed)
          throw new AcmeError(
            `${settings.authority} asks to agree to its terms of service: ${terms}`,
            'userActionRequired',
          );
        await client.createAccount({ ...(terms && { termsOfServiceAgreed: true }), contact });
      }),
    newOrder: (names) =>
      ask(() => client.createOrder({ identifiers: names.map((value) => ({ type: 'dns', value })) })),
    order: (url) =>
      ask(async () => {
        try {
          return await client.getOrder({ url } as Order);
        } catch (error) {
          if (error instanceof AcmeError && error.isGone) return undefined;
          throw error;
        }
      }),
    challenges: (order) => ask(async () => pendingChallenges(client, await client.getAuthorizations(order))),
    settle: (order, past, milliseconds) => ask(() => settle(client, order, past, milliseconds)),
    finalize: (order, names, key) =>
      ask(async () => {
        const [, request] = await acme.crypto.createCsr({ altNames: [...names] }, key);
        return client.finalizeOrder(order, request);
      }),
    download: (order) => ask(() => client.getCertificate(order)),
  };

  function pendingChallenges(from: Client, authorizations: Authorization[]): Promise<Challenge[]> {
    const pending = authorizations.filter(({ status }) => status === 'pending');
    return Promise.all(
      pending.map(async (authorization) => {
        const name = authorization.identifier.value;
        const challenge = authorization.challenges.find(({ type }) => type === 'http-01');
        if (!challenge)
          throw new AcmeError(
            `${settings.authority} offers no http-01 challenge for ${name}`,
            'invalidResponse',
          );
        return {
          name,
          token: challenge.token,
          answer: await from.getChallengeKeyAuthorization(challenge),
          post: async () => {
            // A challenge that is looked at already must not be posted again.
            if (challenge.status === 'pending') await ask(() => from.completeChallenge(challenge));
          },
        };
      }),
    );
  }
}

/** RFC 8555 section 7.3.1. */
async function findAccount(client: Client): Promise<Account | undefined> {
  try {
    return await client.createAccount({ onlyReturnExisting: true });
  } catch (error) {
    if (error instanceof AcmeError && error.type === 'accountDoesNotExist') return undefined;
    throw error;
  }
}

async function settle(
  client: Client,
  order: Order,
  past: readonly Order['status'][],
  milliseconds: number,
): Promise<Order> {
  const end = Date.now() + milliseconds;
  let pause = 200;
  for (;;) {
    const now = await client.getOrder(order);
    if (now.status === 'invalid') throw await whyInvalid(client, now);
    if (!past.includes(now.status)) return now;
    if (Date.now() > end)
      throw new AcmeError(
        `the order ${order.url} is still ${now.status} after ${milliseconds / 1000} s`,
        'unfinished',
      );
    await sleep(pause);
    pause = Math.min(pause * 1.5, 3000);
  }
}

async function whyInvalid(client: Client, order: Order): Promise<AcmeError> {
  const authorizations = await client.getAuthorizations(order);
  const reasons = authorizations.flatMap(({ identifier, challenges }) =>
    challenges.flatMap((challenge) => {
      const error = 'error' in challenge ? (challenge.error as { detail?: string } | undefined) : undefined;
      return error ? [`${identifier.value}: ${error.detail ?? JSON.stringify(error)}`] : [];
    }),
  );
  const own = (order as { error?: { detail?: string } }).error?.detail ?? 'without a reason';
  const detail = reasons.length > 0 ? [...new Set(reasons)].join('; ') : own;
  return new AcmeError(`the CA gave the order up: ${detail}`, 'orderInvalid');
}

type AcmeModule = typeof import('acme-client');
let loaded: AcmeModule | undefined;

/**
 * acme-client, with its own handling of failing answers taken out: on 429 and on any 5xx it would sleep for as long
 * as Retry-After says, silently, and a request without an answer ends as a TypeError.
 */
async function loadClient(): Promise<AcmeModule> {
  if (loaded) return loaded;
  const { default: acme } = (await import('acme-client')) as unknown as { default: AcmeModule };
  const { interceptors } = acme.axios;
  interceptors.request.clear();
  interceptors.response.clear();
  acme.axios.defaults.headers.common['User-Agent'] = 'foobar acme-client';
  interceptors.request.use((config) => {
    const settings = current.getStore();
    return settings
      ? Object.assign(config, { httpsAgent: settings.agent, timeout: settings.timeout })
      : config;
  });
  interceptors.response.use(
    async (response) => {
      if (response.status < 400 || isBadNonce(response.data)) return response;
      const authority = new URL(response.config.url ?? '').host;
      const now = new Date();
      const pause = pauseBefore(response.status, retryAfter(response.headers['retry-after'], now), now);
      if (pause === undefined || !countAttempt(response.config as object))
        throw problemOf(response, authority, now);
      await sleep(pause);
      return acme.axios.request(response.config);
    },
    async (error: NodeJS.ErrnoException & { config?: { url?: string; foobarAttempt?: number } }) => {
      if (error instanceof AcmeError || !error.config) throw error;
      if (error.code !== 'ECONNRESET' || !countAttempt(error.config))
        throw unreachable(error, error.config.url ?? '', current.getStore()?.timeout ?? 0);
      await sleep(500);
      return acme.axios.request(error.config);
    },
  );
  loaded = acme;
  return acme;
}

/** acme-client signs again with a new nonce (RFC 8555 section 6.5), up to five times. */
function isBadNonce(data: unknown): boolean {
  return (data as { type?: unknown } | null)?.type === 'urn:ietf:params:acme:error:badNonce';
}

/** Milliseconds after which the same request is worth another try; undefined = tell the person at once. */
function pauseBefore(status: number, retryAt: Date | undefined, now: Date): number | undefined {
  if (status !== 429 && status < 500) return undefined;
  if (!retryAt) return status === 429 ? undefined : 1000;
  const pause = retryAt.getTime() - now.getTime();
  return pause <= longestPause ? Math.max(pause, 100) : undefined;
}

/** Counts the tries of one request in its own settings, which every repeat carries on. */
function countAttempt(config: { foobarAttempt?: number }): boolean {
  config.foobarAttempt = (config.foobarAttempt ?? 0) + 1;
  return config.foobarAttempt < attempts;
}
