import { createPublicKey } from 'node:crypto';
import { z } from 'zod';
import {
  issue,
  issuedFile,
  keepIssued,
  openAuthority,
  readAuthorityCertificate,
} from '../certificates/authority.ts';
import { judgePair, subjectOf } from '../certificates/judge.ts';
import { defaultRenewAt, formatTime, renewalDue, validityOf } from '../certificates/lifetime.ts';
import { type Pair, readCertificates, readCertificatesIfAny, readPair } from '../certificates/pem.ts';
import type { HostReader } from '../host/contract.ts';
import { contents } from '../host/queries/contents.ts';
import { publicKeys } from '../host/queries/public_keys.ts';
import { rememberSecret } from '../secrets.ts';
import { readKept } from '../state/files.ts';
import { type Change, type Context, state } from './contract.ts';
import { attributeChanges, fileAttributes } from './shared/attributes.ts';
import { type PairOnHost, placePair, readPairOnHost, sha256Of } from './shared/pair.ts';
import { ansibleBoolean, ansibleList, hostPath, integer, moduleParams } from './shared/params.ts';

const params = moduleParams({
  authority: z
    .string()
    .regex(/^[A-Za-z0-9][A-Za-z0-9._-]*$/, 'expected letters, digits, dot, dash and underscore')
    .default('private')
    .describe('Name of the private authority. It is made on the controller when it is first needed.'),
  names: ansibleList
    .pipe(z.array(z.string().min(1)).min(1))
    .describe('DNS names and IP addresses that the certificate is valid for.'),
  certificate: hostPath.meta({ aliases: ['path'] }).describe('Path of the certificate on the host.'),
  key: hostPath.describe('Path of the private key on the host.'),
  authority_certificate: hostPath
    .optional()
    .describe("Path on the host for the authority's own certificate, to verify others with."),
  owner: fileAttributes.owner,
  group: fileAttributes.group,
  mode: fileAttributes.mode.default('0600').describe('Permissions of the key. The certificate is 0644.'),
  days: integer.pipe(z.number().min(1)).default(365).describe('Lifetime of the certificate in days.'),
  renew_at: z.coerce
    .number()
    .min(0.1)
    .max(0.95)
    .default(defaultRenewAt)
    .describe('Fraction of the lifetime after which it is made again.'),
  placeholder: ansibleBoolean
    .default(false)
    .describe('Leave any pair alone that works, whoever issued it; make one only where there is none.'),
});
type Params = z.output<typeof params>;

interface State {
  readonly there: PairOnHost;
  /** Text of the authority's certificate on the host. */
  readonly authorityThere: string | undefined;
  /** `works`, or what is wrong with the pair on the host; only asked for a placeholder. */
  readonly standing: string;
  readonly authority: string | undefined;
  readonly kept: Pair | undefined;
  /** Why the kept pair has to be made again. */
  readonly reason: string | undefined;
}

export default state<Params, State>({
  summary: 'Give a host a key and a certificate of a private authority that is kept on the controller.',
  params,

  async have(want, host, context) {
    const now = new Date();
    const [there, authorityThere, publicKey, authority, keptText] = await Promise.all([
      readPairOnHost(host, want),
      want.authority_certificate ? host.ask(contents, want.authority_certificate) : undefined,
      want.placeholder ? host.ask(publicKeys, want.key) : undefined,
      readAuthorityCertificate(context.stateDirectory, want.authority, now),
      readKept(keptFile(want, host, context)),
    ]);
    const pair = readPair(keptText ?? '');
    if (pair) rememberSecret(pair.key);
    return {
      there,
      authorityThere: authorityThere?.toString('utf8'),
      standing: judgeThere(there, publicKey),
      authority,
      kept: pair,
      reason: reasonToIssue(want, pair, authority, now),
    };
  },

  diff(want, have) {
    const list: Change[] = [];
    const isPlaceholderEnough = want.placeholder && have.standing === 'works';
    if (!isPlaceholderEnough) list.push(...pairChanges(want, have));
    if (want.authority_certificate && (!have.authority || have.authorityThere !== have.authority))
      list.push({
        what: 'authority_certificate',
        from: have.authorityThere === undefined ? null : 'another',
        to: `the certificate of authority ${want.authority}`,
      });
    return list;
  },

  async fix(changes, want, have, host, context) {
    const authority = await openAuthority(context.stateDirectory, want.authority);
    if (want.authority_certificate && changes.some(({ what }) => what === 'authority_certificate'))
      await host.write(want.authority_certificate, authority.certificate, { mode: 0o644 });
    if (changes.every(({ what }) => what === 'authority_certificate')) return;
    let pair = have.reason === undefined ? have.kept : undefined;
    if (!pair) {
      pair = await issue(authority, { names: want.names, days: want.days, now: new Date() });
      await keepIssued(keptFile(want, host, context), pair);
    }
    const placed = await placePair(host, want, pair, want);
    await placed.finish();
  },

  result(want, have) {
    const certificate = readCertificatesIfAny(have.there.certificate)?.[0];
    return {
      certificate: want.certificate,
      key: want.key,
      ...(certificate && { not_after: validityOf(certificate).notAfter.toISOString() }),
    };
  },
});

function keptFile(want: Params, host: HostReader, context: Context): string {
  return issuedFile(context.stateDirectory, want.authority, host.name, want.certificate);
}

function pairChanges(want: Params, { there, kept, reason }: State): Change[] {
  const list: Change[] = [];
  const wanted = `${want.names.join(', ')} by authority ${want.authority}`;
  const found = describe(there);
  if (reason !== undefined || !kept) list.push({ what: 'certificate', from: reason ?? found, to: wanted });
  else if (there.certificate !== kept.chain) list.push({ what: 'certificate', from: found, to: wanted });
  else if (there.keySha256 !== sha256Of(kept.key))
    list.push({
      what: 'key',
      from: there.keySha256 ? 'another key' : null,
      to: 'the key of the certificate',
    });
  return there.keyFile ? [...list, ...attributeChanges(want, there.keyFile)] : list;
}

function describe(there: PairOnHost): string | null {
  const certificate = readCertificatesIfAny(there.certificate)?.[0];
  if (!certificate) return there.certificate === undefined ? null : 'no certificate';
  return `${subjectOf(certificate)}, until ${formatTime(validityOf(certificate).notAfter)}`;
}

function reasonToIssue(
  want: Params,
  pair: Pair | undefined,
  authority: string | undefined,
  now: Date,
): string | undefined {
  if (!pair) return 'not issued yet';
  if (!authority) return 'its authority is made again';
  const problems = judgePair(pair, { names: want.names, now, roots: authority });
  if (problems.length > 0) return problems.join('; ');
  const due = renewalDue(validityOf(readCertificates(pair.chain)[0]!), want.renew_at);
  return due <= now ? `due since ${formatTime(due)}` : undefined;
}

/** A server can start with any certificate that its key belongs to, an expired one too. */
function judgeThere(there: PairOnHost, publicKey: string | undefined): string {
  const certificate = readCertificatesIfAny(there.certificate)?.[0];
  if (!certificate) return 'no certificate';
  if (!there.keyFile || there.keyFile.size === 0) return 'no key';
  if (publicKey === undefined) return 'works';
  try {
    return createPublicKey(publicKey).equals(certificate.publicKey)
      ? 'works'
      : 'the key is of another certificate';
  } catch {
    return 'a damaged key';
  }
}
