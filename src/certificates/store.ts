import { createHash, createPrivateKey, type X509Certificate } from 'node:crypto';
import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import { rememberSecret } from '../secrets.ts';
import { forget, keep, readKept } from '../state/files.ts';
import { judgePair } from './judge.ts';
import { keyTypeOf } from './keys.ts';
import { defaultRenewAt, formatTime, renewalDue, validityOf } from './lifetime.ts';
import { type Pair, readCertificates, readPair, writePair } from './pem.ts';

/** A kept certificate is found by what was asked for: the ACME directory and the exact set of names. */
export interface Subject {
  /** URL of the ACME directory. */
  readonly directory: string;
  readonly names: readonly string[];
}

export interface KeptCertificate extends Subject {
  readonly pair: Pair;
  readonly certificate: X509Certificate;
  /** The fraction of its lifetime after which it is renewed, as it was wanted when it was ordered. */
  readonly renewAt: number;
  /** Its folder on the controller. */
  readonly folder: string;
}

/** Files of one subject: `pair.pem` (key and chain), and while under way `order.json`, after a failure `failure.json`. */
export function certificateFolder(stateDirectory: string, { directory, names }: Subject): string {
  const set = sortedNames(names);
  return join(
    stateDirectory,
    'certificates',
    directoryFolder(directory),
    `${(set[0] ?? '').replaceAll('*', '_')}-${digest(set.join('\n'))}`,
  );
}

/** Folder name of one ACME directory: readable, and different for each URL. */
export function directoryFolder(directory: string): string {
  return `${new URL(directory).hostname.replace(/[^a-z0-9.-]/g, '_')}-${digest(directory)}`;
}

export async function readCertificate(
  stateDirectory: string,
  subject: Subject,
): Promise<KeptCertificate | undefined> {
  return readFolder(certificateFolder(stateDirectory, subject));
}

/** Keeps key and chain together, in one file. */
export async function keepCertificate(
  stateDirectory: string,
  subject: Subject,
  pair: Pair,
  renewAt: number = defaultRenewAt,
): Promise<void> {
  await keep(
    join(certificateFolder(stateDirectory, subject), 'pair.pem'),
    writePair(pair, {
      directory: subject.directory,
      names: sortedNames(subject.names).join(' '),
      'renew at': String(renewAt),
    }),
  );
}

/** All certificates kept for an inventory, by name. */
export async function listCertificates(stateDirectory: string): Promise<KeptCertificate[]> {
  const kept = await Promise.all((await subjectFolders(stateDirectory)).map(readFolder));
  return kept.filter((certificate) => certificate !== undefined);
}

/** What failed last, for every set of names whose last try failed. */
export async function listFailures(stateDirectory: string): Promise<Failure[]> {
  const folders = await subjectFolders(stateDirectory);
  const failures = await Promise.all(
    folders.map(async (folder) => parse(failureSchema, await readKept(join(folder, failureFile)))),
  );
  return failures.filter((failure) => failure !== undefined);
}

async function subjectFolders(stateDirectory: string): Promise<string[]> {
  const root = join(stateDirectory, 'certificates');
  const folders = await Promise.all(
    (await subfolders(root)).map(async (directory) =>
      (await subfolders(join(root, directory))).map((subject) => join(root, directory, subject)),
    ),
  );
  return folders.flat().sort();
}

/** What a kept certificate is worth today. */
export interface Standing {
  /** `due`: still good, to be renewed now. `unusable`: must not be served. */
  readonly state: 'valid' | 'due' | 'unusable' | 'missing';
  readonly reason: string;
}

export interface Wish {
  readonly names: readonly string[];
  readonly now: Date;
  readonly renewAt: number;
  readonly keyType?: string | undefined;
  /** PEM of the roots that its chain must end at. */
  readonly roots?: string | undefined;
}

/** Judges a kept certificate by what is wanted. Pure. */
export function standing(kept: KeptCertificate | undefined, wish: Wish): Standing {
  if (!kept) return { state: 'missing', reason: 'no certificate is kept' };
  const problems = judgePair(kept.pair, wish);
  if (problems.length > 0) return { state: 'unusable', reason: problems.join('; ') };
  const validity = validityOf(kept.certificate);
  const due = renewalDue(validity, wish.renewAt);
  if (due <= wish.now)
    return {
      state: 'due',
      reason: `due since ${formatTime(due)}, valid until ${formatTime(validity.notAfter)}`,
    };
  const keyType = keyTypeOf(createPrivateKey(kept.pair.key));
  if (wish.keyType !== undefined && keyType !== wish.keyType)
    return { state: 'due', reason: `its key is ${keyType}, wanted is ${wish.keyType}` };
  return {
    state: 'valid',
    reason: `valid until ${formatTime(validity.notAfter)}, due on ${formatTime(due)}`,
  };
}

const orderSchema = z.strictObject({
  url: z.url(),
  /** The key that its certificate is for, PEM. */
  key: z.string().min(1),
  keyType: z.string(),
  /** Challenge tokens that may still lie on web servers. */
  tokens: z.array(z.string().regex(/^[A-Za-z0-9_-]+$/)),
  created: z.iso.datetime(),
});
/** An order under way, kept before anything that costs is asked of the CA. */
export type PendingOrder = z.infer<typeof orderSchema>;

const failureFile = 'failure.json';
const failureSchema = z.strictObject({
  names: z.array(z.string()),
  at: z.iso.datetime(),
  message: z.string(),
  /** When the CA allows the next try. */
  retryAt: z.iso.datetime().optional(),
});
/** Why the last try to get or renew a certificate failed. */
export type Failure = z.infer<typeof failureSchema>;

/** A small record beside a kept certificate. One that cannot be read counts as none. */
function record<T>(name: string, schema: z.ZodType<T>) {
  const file = (stateDirectory: string, subject: Subject) =>
    join(certificateFolder(stateDirectory, subject), name);
  return {
    file,
    read: async (stateDirectory: string, subject: Subject): Promise<T | undefined> =>
      parse(schema, await readKept(file(stateDirectory, subject))),
    keep: (stateDirectory: string, subject: Subject, value: T): Promise<void> =>
      keep(file(stateDirectory, subject), `${JSON.stringify(value, null, 2)}\n`),
    forget: (stateDirectory: string, subject: Subject): Promise<void> =>
      forget(file(stateDirectory, subject)),
  };
}

export const pendingOrder = record('order.json', orderSchema);
export const lastFailure = record(failureFile, failureSchema);

function parse<T>(schema: z.ZodType<T>, text: string | undefined): T | undefined {
  if (text === undefined) return undefined;
  try {
    return schema.safeParse(JSON.parse(text)).data;
  } catch {
    return undefined;
  }
}

async function readFolder(folder: string): Promise<KeptCertificate | undefined> {
  const pair = readPair((await readKept(join(folder, 'pair.pem'))) ?? '');
  if (!pair) return undefined;
  rememberSecret(pair.key);
  const { directory = '', names = '', 'renew at': renewAt } = pair.headings;
  try {
    const certificate = readCertificates(pair.chain)[0]!;
    return {
      directory,
      names: names.split(' '),
      pair: { key: pair.key, chain: pair.chain },
      certificate,
      renewAt: Number(renewAt) || defaultRenewAt,
      folder,
    };
  } catch {
    return undefined;
  }
}

async function subfolders(folder: string): Promise<string[]> {
  try {
    const entries = await readdir(folder, { withFileTypes: true });
    return entries.filter((entry) => entry.isDirectory()).map((entry) => entry.name);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return [];
    throw error;
  }
}

function sortedNames(names: readonly string[]): string[] {
  return [...new Set(names.map((name) => name.toLowerCase()))].sort();
}

function digest(text: string): string {
  return createHash('sha256').update(text).digest('hex').slice(0, 8);
}
