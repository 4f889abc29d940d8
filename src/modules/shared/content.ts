import { createHash } from 'node:crypto';
import type { Change } from '../contract.ts';

/** Contents above this many bytes are not brought over and not shown, only their sizes. */
export const shownBytes = 256 * 1024;

/** Hexadecimal SHA-256. */
export function sha256Of(content: string | Buffer): string {
  return createHash('sha256').update(content).digest('hex');
}

/** The checksum that Ansible returns for files: hexadecimal SHA-1. */
export function sha1Of(content: string | Buffer): string {
  return createHash('sha1').update(content).digest('hex');
}

/** Hexadecimal MD5, which Ansible returns beside it. */
export function md5Of(content: string | Buffer): string {
  return createHash('md5').update(content).digest('hex');
}

/** What is known of a file's content: its bytes, or only how many they are. */
export type Content = Buffer | { readonly size: number };

/** The change of a file's content as it is shown: as text, or for binary and huge content in sizes. */
export function contentChange(path: string, from: Content | undefined, to: Content): Change {
  const readable = [from, to].every((content) => content === undefined || isText(content));
  const show = (content: Content | undefined) => {
    if (content === undefined) return null;
    return readable ? content.toString() : sizeOf(content);
  };
  return { what: 'content', path, from: show(from), to: show(to) };
}

function sizeOf(content: Content): string {
  if (!Buffer.isBuffer(content)) return `${content.size} bytes`;
  const kind = isBinary(content) ? 'binary, ' : '';
  return `${kind}${content.length} bytes, SHA-256 ${sha256Of(content).slice(0, 12)}`;
}

function isText(content: Content): boolean {
  return Buffer.isBuffer(content) && content.length <= shownBytes && !isBinary(content);
}

function isBinary(content: Buffer): boolean {
  return content.includes(0) || !Buffer.from(content.toString('utf8')).equals(content);
}

/** JSON as Python's json.dumps writes it, which is what Ansible makes of a dict given as content. */
export function pythonJson(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(pythonJson).join(', ')}]`;
  if (value !== null && typeof value === 'object') {
    const fields = Object.entries(value).map(([key, item]) => `${pythonJson(key)}: ${pythonJson(item)}`);
    return `{${fields.join(', ')}}`;
  }
  const plain = JSON.stringify(value) ?? 'null';
  return plain.replace(
    /[\u007f-\uffff]/g,
    (char) => `\\u${char.charCodeAt(0).toString(16).padStart(4, '0')}`,
  );
}
