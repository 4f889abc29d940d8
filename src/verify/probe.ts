import { readFileSync } from 'node:fs';
import { request } from 'node:https';
import { type PeerCertificate, rootCertificates, type TLSSocket } from 'node:tls';

export interface HttpsAnswer {
  readonly status: number;
  readonly servedBy: string;
  readonly body: string;
  /** SHA-256 of the certificate that was shown, as hexadecimal pairs. */
  readonly fingerprint: string;
  readonly certificate: PeerCertificate;
}

/**
 * One HTTPS request over a connection of its own to an address, with the chain and the name verified.
 * @param caFile root certificates to trust; empty: the system's
 * @throws Error that says why there was no valid answer within `seconds`
 */
export function httpsGet(
  address: string,
  name: string,
  path: string,
  caFile: string,
  seconds = 5,
): Promise<HttpsAnswer> {
  return new Promise((resolve, reject) => {
    const asked = request(
      {
        host: address,
        port: 443,
        path,
        servername: name,
        headers: { host: name, connection: 'close', 'user-agent': 'foobar verify' },
        ca: caFile ? readFileSync(caFile, 'utf8') : [...rootCertificates],
        agent: false,
        timeout: seconds * 1000,
      },
      (response) => {
        const certificate = (response.socket as TLSSocket).getPeerCertificate();
        const chunks: Buffer[] = [];
        response.on('data', (chunk: Buffer) => chunks.push(chunk));
        response.on('error', reject);
        response.on('end', () =>
          resolve({
            status: response.statusCode ?? 0,
            servedBy: String(response.headers['x-served-by'] ?? ''),
            body: Buffer.concat(chunks).toString('utf8'),
            fingerprint: certificate.fingerprint256,
            certificate,
          }),
        );
      },
    );
    asked.on('timeout', () => asked.destroy(new Error(`no answer within ${seconds} s`)));
    asked.on('error', reject);
    asked.end();
  });
}
