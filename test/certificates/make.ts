import { webcrypto } from 'node:crypto';
import type { X509Certificate } from '@peculiar/x509';
import { loadX509 } from '../../src/certificates/x509.ts';

const algorithm = { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' } as const;

export interface Made {
  readonly pem: string;
  readonly key: string;
  readonly keys: webcrypto.CryptoKeyPair;
  readonly certificate: X509Certificate;
}

/** A real certificate as some CA would make it: a root without `issuer`, else one signed by it. */
export async function makeCertificate(options: {
  name: string;
  issuer?: Made;
  ca?: boolean;
  names?: string[];
  notBefore?: Date;
  notAfter?: Date;
}): Promise<Made> {
  const x509 = await loadX509();
  const keys = (await webcrypto.subtle.generateKey(algorithm, true, [
    'sign',
    'verify',
  ])) as webcrypto.CryptoKeyPair;
  const certificate = await x509.X509CertificateGenerator.create({
    // A name of '' makes an empty subject, as CAs do that leave the common name out.
    subject: options.name === '' ? [] : [{ CN: [options.name] }],
    issuer: options.issuer?.certificate.subjectName.toJSON() ?? [{ CN: [options.name] }],
    notBefore: options.notBefore ?? new Date('2026-01-01T00:00:00Z'),
    notAfter: options.notAfter ?? new Date('2036-01-01T00:00:00Z'),
    signingKey: (options.issuer?.keys ?? keys).privateKey,
    publicKey: keys.publicKey,
    signingAlgorithm: algorithm,
    extensions: [
      new x509.BasicConstraintsExtension(options.ca ?? options.issuer === undefined, undefined, true),
      ...(options.names
        ? [new x509.SubjectAlternativeNameExtension(options.names.map((value) => ({ type: 'dns', value })))]
        : []),
    ],
  });
  const key = Buffer.from(await webcrypto.subtle.exportKey('pkcs8', keys.privateKey)).toString('base64');
  return {
    certificate,
    keys,
    pem: `${certificate.toString('pem')}\n`,
    key: `-----BEGIN PRIVATE KEY-----\n${key.replace(/.{64}/g, '$&\n')}\n-----END PRIVATE KEY-----\n`,
  };
}

/** A root, an intermediate and a server's certificate of 90 days from 2026-06-01. */
export async function makeSite(names: string[] = ['www.foobar.com']) {
  const root = await makeCertificate({ name: 'Test Root', ca: true });
  const intermediate = await makeCertificate({ name: 'Test Intermediate', issuer: root, ca: true });
  const server = await makeCertificate({
    name: names[0]!,
    issuer: intermediate,
    names,
    notBefore: new Date('2026-06-01T00:00:00Z'),
    notAfter: new Date('2026-08-30T00:00:00Z'),
  });
  return { root, intermediate, server, pair: { key: server.key, chain: server.pem + intermediate.pem } };
}
