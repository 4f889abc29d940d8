import { X509Certificate } from 'node:crypto';

const block = /-----BEGIN ([A-Z0-9 ]+)-----[\s\S]+?-----END \1-----/g;

/** The certificates of a PEM text, in its order. Throws when one cannot be read. */
export function readCertificates(pem: string): X509Certificate[] {
  return [...pem.matchAll(block)]
    .filter(([, label]) => label === 'CERTIFICATE')
    .map(([text]) => new X509Certificate(text));
}

/** The certificates of a PEM text as it stands on a host, undefined when there is none or it is damaged. */
export function readCertificatesIfAny(pem: string | undefined): X509Certificate[] | undefined {
  try {
    const found = readCertificates(pem ?? '');
    return found.length > 0 ? found : undefined;
  } catch {
    return undefined;
  }
}

/** A private key and the chain of its certificate, the server's own first, each as PEM text. */
export interface Pair {
  readonly key: string;
  readonly chain: string;
}

/** One text that holds both, so that a key can never be kept without its certificate. */
export function writePair({ key, chain }: Pair, headings: Readonly<Record<string, string>> = {}): string {
  // RFC 7468 section 2 allows explanatory text before a block.
  const lines = Object.entries(headings).map(([name, value]) => `${name}: ${value.replaceAll('\n', ' ')}\n`);
  return `${lines.join('')}${key.trimEnd()}\n${chain.trimEnd()}\n`;
}

/** The pair and the headings of a text made by writePair; undefined when it holds no key or no certificate. */
export function readPair(text: string): (Pair & { headings: Record<string, string> }) | undefined {
  const blocks = [...text.matchAll(block)];
  const key = blocks.find(([, label]) => label?.endsWith('PRIVATE KEY'))?.[0];
  const chain = blocks.filter(([, label]) => label === 'CERTIFICATE').map(([pem]) => `${pem}\n`);
  if (key === undefined || chain.length === 0) return undefined;
  const headings = Object.fromEntries(
    text
      .slice(0, text.indexOf('-----BEGIN'))
      .split('\n')
      .map((line) => /^([^:]+): (.*)$/.exec(line))
      .filter((match) => match !== null)
      .map(([, name, value]) => [name!, value!]),
  );
  return { key: `${key}\n`, chain: chain.join(''), headings };
}
