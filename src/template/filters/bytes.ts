import { TaskFailure } from '../../errors.ts';

const encodings: Readonly<Record<string, BufferEncoding>> = {
  'utf-8': 'utf8',
  utf8: 'utf8',
  ascii: 'utf8',
  'utf-16-le': 'utf16le',
  'utf-16le': 'utf16le',
  'latin-1': 'latin1',
  latin1: 'latin1',
  'iso-8859-1': 'latin1',
};

function known(name: string): BufferEncoding {
  const found = encodings[name.toLowerCase().replaceAll('_', '-')];
  if (found) return found;
  throw new TaskFailure(`the encoding '${name}' is not supported`, 'use utf-8, utf-16-le or latin-1');
}

export function base64(value: string, encoding: string, urlSafe: boolean): string {
  const written = Buffer.from(value, known(encoding)).toString('base64');
  return urlSafe ? written.replaceAll('+', '-').replaceAll('/', '_') : written;
}

/** Python's b64decode: other characters are passed over, the padding must be right. */
export function unbase64(value: string, encoding: string, urlSafe: boolean): string {
  const written = urlSafe ? value.replaceAll('-', '+').replaceAll('_', '/') : value;
  const kept = written.replace(/[^A-Za-z0-9+/=]/g, '');
  const digits = kept.replace(/=+$/, '');
  if (digits.length % 4 === 1 || kept.length - digits.length < (4 - (digits.length % 4)) % 4)
    throw new TaskFailure('Incorrect padding: the text is no base64');
  return Buffer.from(digits, 'base64').toString(known(encoding));
}

/** Python's unquote_plus. Bytes that are no UTF-8 become replacement characters. */
export function decodeUrl(value: string): string {
  const parts = value.replaceAll('+', ' ').split(/((?:%[\da-fA-F]{2})+)/);
  const bytes = parts.map((part) =>
    /^%[\da-fA-F]{2}/.test(part) ? Buffer.from(part.replaceAll('%', ''), 'hex') : Buffer.from(part),
  );
  return Buffer.concat(bytes).toString('utf8');
}
