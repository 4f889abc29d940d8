import { join } from 'node:path';
import type { Order } from 'acme-client';
import { rememberSecret } from '../secrets.ts';
import { keep, readKept } from '../state/files.ts';
import type { AcmeSession, Challenge } from './acme.ts';
import { AcmeError } from './acme-error.ts';
import { judgePair } from './judge.ts';
import { type KeyType, newKey } from './keys.ts';
import {
  directoryFolder,
  keepCertificate,
  lastFailure,
  type PendingOrder,
  pendingOrder,
  type Subject,
} from './store.ts';

export interface OrderWish extends Subject {
  readonly stateDirectory: string;
  /** PEM of a CA that signs the directory's HTTPS. */
  readonly ca?: string | undefined;
  /** PEM of the roots that the certificate must chain to. */
  readonly roots?: string | undefined;
  readonly email?: string | undefined;
  readonly termsAgreed: boolean;
  readonly keyType: KeyType;
  /** Fraction of the lifetime after which it will be renewed; kept with it for whoever lists. */
  readonly renewAt: number;
  /** Milliseconds that the CA may take to validate, and again to issue. Default 90 s. */
  readonly patience?: number;
  /** Milliseconds to wait for one answer of the CA. */
  readonly timeout?: number;
}

/** An order older than this is not taken up: its certificate may be worth little by now. */
const longestOrder = 7 * 86_400_000;

/** How challenge tokens come to the web servers, and go. */
export interface Answering {
  /** Puts the answers in place and returns once every server gives them. */
  publish(challenges: readonly Challenge[]): Promise<void>;
  withdraw(tokens: readonly string[]): Promise<void>;
  /** A line for the person who waits. */
  say(line: string): void;
}

/**
 * Gets a certificate from the CA and keeps it. The key and the order's URL are kept first, so an interrupted try is
 * taken up again where it stands and no second order is spent. Throws AcmeError; the kept certificate is replaced
 * only by a good one.
 */
export async function obtainCertificate(wish: OrderWish, answering: Answering): Promise<void> {
  const { openAcme } = await import('./acme.ts');
  const session = await openAcme({
    directory: wish.directory,
    accountKey: await accountKey(wish),
    ca: wish.ca,
    ...(wish.timeout !== undefined && { timeout: wish.timeout }),
  });
  try {
    await session.register(wish.email, wish.termsAgreed);
    const { order, pending } = (await takeUp(session, wish, answering)) ?? (await begin(session, wish));
    await complete(session, order, pending, wish, answering);
  } catch (error) {
    await lastFailure.keep(wish.stateDirectory, wish, {
      names: [...wish.names],
      at: new Date().toISOString(),
      message: (error as Error).message,
      ...(error instanceof AcmeError && error.retryAt && { retryAt: error.retryAt.toISOString() }),
    });
    throw error;
  }
}

/** Removes what an interrupted try left on the web servers once its certificate is kept. */
export async function tidyUp(stateDirectory: string, subject: Subject, answering: Answering): Promise<void> {
  const pending = await pendingOrder.read(stateDirectory, subject);
  if (pending && pending.tokens.length > 0) await answering.withdraw(pending.tokens);
  await lastFailure.forget(stateDirectory, subject);
  await pendingOrder.forget(stateDirectory, subject);
}

interface UnderWay {
  readonly order: Order;
  readonly pending: PendingOrder;
}

async function takeUp(
  session: AcmeSession,
  wish: OrderWish,
  answering: Answering,
): Promise<UnderWay | undefined> {
  const pending = await pendingOrder.read(wish.stateDirectory, wish);
  if (!pending) return undefined;
  rememberSecret(pending.key);
  const isFresh = Date.now() - Date.parse(pending.created) < longestOrder;
  const order = isFresh && pending.keyType === wish.keyType ? await session.order(pending.url) : undefined;
  if (order && order.status !== 'invalid') {
    answering.say(`taking up the order of ${pending.created} (${order.status})`);
    return { order, pending };
  }
  await tidyUp(wish.stateDirectory, wish, answering);
  return undefined;
}

async function begin(session: AcmeSession, wish: OrderWish): Promise<UnderWay> {
  const key = newKey(wish.keyType);
  const order = await session.newOrder(wish.names);
  const pending: PendingOrder = {
    url: order.url,
    key,
    keyType: wish.keyType,
    tokens: [],
    created: new Date().toISOString(),
  };
  await pendingOrder.keep(wish.stateDirectory, wish, pending);
  return { order, pending };
}

async function complete(
  session: AcmeSession,
  begun: Order,
  pending: PendingOrder,
  wish: OrderWish,
  answering: Answering,
): Promise<void> {
  const patience = wish.patience ?? 90_000;
  let order = begun;
  let tokens = pending.tokens;
  if (order.status === 'pending') {
    const challenges = await session.challenges(order);
    tokens = [...new Set([...tokens, ...challenges.map(({ token }) => token)])];
    await pendingOrder.keep(wish.stateDirectory, wish, { ...pending, tokens });
    try {
      order = await validate(session, order, challenges, patience, answering);
    } catch (error) {
      // What failed first is what the person has to know; the tokens are on record for the next run.
      await answering.withdraw(tokens).catch(() => undefined);
      throw error;
    }
  }
  if (order.status === 'ready') {
    answering.say(`${wish.names.join(', ')}: validated, asking for the certificate`);
    order = await session.finalize(order, wish.names, pending.key);
  }
  order = await session.settle(order, ['ready', 'processing'], patience);
  await accept(await session.download(order), pending, wish);
  await tidyUp(wish.stateDirectory, wish, answering);
}

async function validate(
  session: AcmeSession,
  order: Order,
  challenges: readonly Challenge[],
  patience: number,
  answering: Answering,
): Promise<Order> {
  if (challenges.length > 0) {
    await answering.publish(challenges);
    answering.say(`${challenges.map(({ name }) => name).join(', ')}: the CA looks for the token`);
    for (const challenge of challenges) await challenge.post();
  }
  return session.settle(order, ['pending'], patience);
}

async function accept(chain: string, pending: PendingOrder, wish: OrderWish): Promise<void> {
  const pair = { key: pending.key, chain };
  const problems = judgePair(pair, { names: wish.names, now: new Date(), roots: wish.roots });
  if (problems.length > 0)
    throw new AcmeError(
      `the new certificate is not taken into service: ${problems.join('; ')} ` +
        `(the order is kept in ${pendingOrder.file(wish.stateDirectory, wish)} and used again by the next run; remove it to order anew)`,
      'unusable',
    );
  await keepCertificate(wish.stateDirectory, wish, pair, wish.renewAt);
}

async function accountKey(wish: OrderWish): Promise<string> {
  const path = join(wish.stateDirectory, 'accounts', directoryFolder(wish.directory), 'account.key');
  const kept = await readKept(path);
  const key = kept ?? newKey('ec-p256');
  rememberSecret(key);
  if (kept === undefined) await keep(path, key);
  return key;
}
