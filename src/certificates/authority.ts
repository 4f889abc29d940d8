import { createPrivateKey, randomBytes, webcrypto } from 'node:crypto';
import { isIP } from 'node:net';
import { join } from 'node:path';
import { rememberSecret } from '../secrets.ts';
import { keep, readKept } from '../state/files.ts';
import { inTurn } from '../state/turns.ts';
import { newKey } from './keys.ts';
import { defaultRenewAt, renewalDue, validityOf } from './lifetime.ts';
import { type Pair, readCertificatesIfAny, writePair } from './pem.ts';
import { loadX509 } from './x509.ts';

/** Days that a private authority's own certificate lasts. */
const authorityDays = 3650;
const day = 86_400_000;
/** Hosts' clocks may be behind the controller's. */
const clockSkew = 3_600_000;
const algorithm = { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' } as const;

/** A private authority of ours: its certificate and key as PEM text. */
export interface Authority {
  readonly certificate: string;
  readonly key: string;
}

/** Where an authority is kept on the controller. */
export function authorityFiles(stateDirectory: string, name: string) {
  const folder = join(stateDirectory, 'authorities', name);
  return { folder, certificate: join(folder, 'ca.pem'), key: join(folder, 'ca.key') };
}

/** The kept certificate of an authority while it is good for more; undefined when it has to be made (again). */
export async function readAuthorityCertificate(
  stateDirectory: string,
  name: string,
  now: Date,
): Promise<string | undefined> {
  const text = await readKept(authorityFiles(stateDirectory, name).certificate);
  const certificate = readCertificatesIfAny(text)?.[0];
  return certificate && renewalDue(validityOf(certificate), defaultRenewAt) > now ? text : undefined;
}

/**
 * The authority, made when there is none yet. Its key is made once and stays: a certificate that runs out is made
 * again for the same key, so everything issued before stays valid.
 */
export function openAuthority(stateDirectory: string, name: string, now = new Date()): Promise<Authority> {
  const files = authorityFiles(stateDirectory, name);
  return inTurn(files.folder, async () => {
    const keptKey = await readKept(files.key);
    const key = keptKey ?? newKey();
    rememberSecret(key);
    if (keptKey === undefined) await keep(files.key, key);
    const kept = await readAuthorityCertificate(stateDirectory, name, now);
    if (kept !== undefined) return { certificate: kept, key };
    const certificate = await selfSign(name, key, now);
    await keep(files.certificate, certificate);
    return { certificate, key };
  });
}

export interface Request {
  /** DNS names and IP addresses; the first is the common name too. */
  readonly names: readonly string[];
  readonly days: number;
  readonly now: Date;
}

/** A new key and a certificate of the authority for it, good for servers and clients. */
export async function issue(authority: Authority, { names, days, now }: Request): Promise<Pair> {
  const x509 = await loadX509();
  const key = newKey();
  const issuer = new x509.X509Certificate(authority.certificate);
  const keys = await importKeys(key);
  const certificate = await x509.X509CertificateGenerator.create({
    serialNumber: newSerialNumber(),
    // RFC 5280 appendix A.1: ub-common-name is 64.
    subject: [{ CN: [(names[0] ?? '').slice(0, 64)] }],
    issuer: issuer.subject,
    notBefore: new Date(now.getTime() - clockSkew),
    notAfter: new Date(Math.min(now.getTime() + days * day, issuer.notAfter.getTime())),
    signingKey: (await importKeys(authority.key)).privateKey,
    publicKey: keys.publicKey,
    signingAlgorithm: algorithm,
    extensions: [
      new x509.BasicConstraintsExtension(false, undefined, true),
      new x509.KeyUsagesExtension(x509.KeyUsageFlags.digitalSignature, true),
      new x509.ExtendedKeyUsageExtension([
        x509.ExtendedKeyUsage.serverAuth,
        x509.ExtendedKeyUsage.clientAuth,
      ]),
      new x509.SubjectAlternativeNameExtension(
        names.map((name) => ({ type: isIP(name) ? ('ip' as const) : ('dns' as const), value: name })),
      ),
      await x509.SubjectKeyIdentifierExtension.create(keys.publicKey),
      await x509.AuthorityKeyIdentifierExtension.create(issuer.publicKey),
    ],
  });
  return { key, chain: `${certificate.toString('pem')}\n` };
}

/** Where the pair that an authority issued for one path of one host is kept. */
export function issuedFile(stateDirectory: string, authority: string, host: string, path: string): string {
  const file = `${path.replace(/^\/+/, '').replaceAll('%', '%25').replaceAll('/', '%2F')}.pem`;
  return join(authorityFiles(stateDirectory, authority).folder, 'issued', host, file);
}

/** Keeps an issued pair, key and certificate in one file. */
export async function keepIssued(path: string, pair: Pair): Promise<void> {
  await keep(path, writePair(pair));
}

async function selfSign(name: string, key: string, now: Date): Promise<string> {
  const x509 = await loadX509();
  const keys = await importKeys(key);
  const certificate = await x509.X509CertificateGenerator.createSelfSigned({
    serialNumber: newSerialNumber(),
    name: [{ CN: [`foobar ${name} authority`.slice(0, 64)] }],
    notBefore: new Date(now.getTime() - clockSkew),
    notAfter: new Date(now.getTime() + authorityDays * day),
    keys,
    signingAlgorithm: algorithm,
    extensions: [
      new x509.BasicConstraintsExtension(true, 0, true),
      new x509.KeyUsagesExtension(x509.KeyUsageFlags.keyCertSign | x509.KeyUsageFlags.cRLSign, true),
      await x509.SubjectKeyIdentifierExtension.create(keys.publicKey),
    ],
  });
  return `${certificate.toString('pem')}\n`;
}

async function importKeys(pem: string) {
  const key = createPrivateKey(pem);
  const der = key.export({ type: 'pkcs8', format: 'der' });
  const jwk = key.export({ format: 'jwk' });
  const publicJwk = { kty: jwk.kty!, crv: jwk.crv!, x: jwk.x!, y: jwk.y! };
  const [privateKey, publicKey] = await Promise.all([
    webcrypto.subtle.importKey('pkcs8', der, algorithm, false, ['sign']),
    webcrypto.subtle.importKey('jwk', publicJwk, algorithm, true, ['verify']),
  ]);
  return { privateKey, publicKey };
}

/** RFC 5280 section 4.1.2.2: positive, at most 20 octets. */
function newSerialNumber(): string {
  return `7f${randomBytes(15).toString('hex')}`;
}
