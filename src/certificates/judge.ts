import { createPrivateKey, type X509Certificate } from 'node:crypto';
import { isIP } from 'node:net';
import { formatTime, lifetimeUsed, validityOf } from './lifetime.ts';
import { type Pair, readCertificates } from './pem.ts';

export interface Expectation {
  /** DNS names and IP addresses that the certificate must be valid for. */
  readonly names: readonly string[];
  readonly now: Date;
  /** PEM of roots; when given the chain must end at one of them. */
  readonly roots?: string | undefined;
}

/** Everything that speaks against serving this pair, worded for the person at the terminal; empty = good. */
export function judgePair(pair: Pair, expected: Expectation): string[] {
  const problems = judgeChain(pair.chain, expected);
  const leaf = firstCertificate(pair.chain);
  if (leaf && !keyMatches(pair.key, leaf))
    problems.push('the private key does not belong to the certificate');
  return problems;
}

/** The same for the certificate and its chain alone. */
export function judgeChain(pem: string, { names, now, roots }: Expectation): string[] {
  let chain: X509Certificate[];
  try {
    chain = readCertificates(pem);
  } catch (error) {
    return [`the certificate cannot be read: ${(error as Error).message}`];
  }
  const [leaf] = chain;
  if (!leaf) return ['there is no certificate in it'];
  const missing = names.filter((name) => !coversName(leaf, name));
  return [
    ...(missing.length > 0 ? [`the certificate is not valid for ${missing.join(', ')}`] : []),
    ...chain.flatMap((certificate) => judgeDates(certificate, now)),
    ...judgeIssuers(chain, roots),
  ];
}

/** Whether a certificate is valid for a DNS name or an IP address; the subject's common name counts for nothing. */
export function coversName(certificate: X509Certificate, name: string): boolean {
  return isIP(name)
    ? certificate.checkIP(name) !== undefined
    : certificate.checkHost(name, { subject: 'never', partialWildcards: false }) !== undefined;
}

/** Whether a private key (PEM) is the certificate's. */
export function keyMatches(key: string, certificate: X509Certificate): boolean {
  try {
    return certificate.checkPrivateKey(createPrivateKey(key));
  } catch {
    return false;
  }
}

/** The common name of a distinguished name as Node prints it, else all of it on one line; Node has none for an empty one. */
export function commonName(distinguishedName: string | undefined): string {
  return /^CN=(.*)$/m.exec(distinguishedName ?? '')?.[1] ?? (distinguishedName ?? '').replaceAll('\n', ', ');
}

/** What a certificate is for, in a word: its common name or, where the CA gives none, its names. */
export function subjectOf(certificate: X509Certificate): string {
  return (
    commonName(certificate.subject) || (certificate.subjectAltName ?? '').replaceAll('DNS:', '') || 'nobody'
  );
}

function judgeDates(certificate: X509Certificate, now: Date): string[] {
  const validity = validityOf(certificate);
  const used = lifetimeUsed(validity, now);
  const who = `the certificate of ${subjectOf(certificate)}`;
  if (used < 0) return [`${who} is not valid before ${formatTime(validity.notBefore)}`];
  return used > 1 ? [`${who} expired on ${formatTime(validity.notAfter)}`] : [];
}

function judgeIssuers(chain: readonly X509Certificate[], roots: string | undefined): string[] {
  for (const [index, certificate] of chain.slice(0, -1).entries()) {
    const issuer = chain[index + 1]!;
    if (!isIssuedBy(certificate, issuer))
      return [
        `the chain is broken: ${subjectOf(certificate)} was issued by ${commonName(certificate.issuer)}, ` +
          `and ${commonName(issuer.subject)} follows`,
      ];
  }
  const last = chain.at(-1)!;
  if (roots === undefined)
    return chain.length === 1 && !isIssuedBy(last, last)
      ? [`the chain lacks the certificate of its issuer, ${commonName(last.issuer)}`]
      : [];
  const trusted = readCertificates(roots);
  if (trusted.some((root) => root.fingerprint256 === last.fingerprint256 || isIssuedBy(last, root)))
    return [];
  const ends = trusted.map((root) => commonName(root.subject)).join(', ') || 'no certificate at all';
  return [`the chain ends at ${commonName(last.issuer)}, the trusted root is ${ends}`];
}

function isIssuedBy(certificate: X509Certificate, issuer: X509Certificate): boolean {
  return issuer.ca && certificate.checkIssued(issuer) && certificate.verify(issuer.publicKey);
}

function firstCertificate(pem: string): X509Certificate | undefined {
  try {
    return readCertificates(pem)[0];
  } catch {
    return undefined;
  }
}
