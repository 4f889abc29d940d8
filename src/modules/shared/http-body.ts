import { randomBytes } from 'node:crypto';
import { basename, extname } from 'node:path';
import { TaskFailure } from '../../errors.ts';
import { pythonJson } from './content.ts';

/** The body of a request, with the Content-Type that goes with it. */
export interface Body {
  readonly content: Buffer;
  /** The type, given by the format; raw ones have none. */
  readonly type?: string;
  /** The type is the format's own (a multipart one with its boundary): it wins over a header of the task. */
  readonly fixed?: true;
}

/** Reads a file that a multipart field names. */
export type ReadFile = (name: string) => Promise<Buffer>;

/** What uri sends for `body` in `body_format`, as Ansible writes it. Undefined for no body. */
export async function bodyOf(body: unknown, format: string, read: ReadFile): Promise<Body | undefined> {
  if (format === 'form-multipart') return multipart(body, read);
  if (format === 'json')
    return {
      content: Buffer.from(typeof body === 'string' ? body : pythonJson(body)),
      type: 'application/json',
    };
  if (body === undefined || body === null) return undefined;
  if (format === 'form-urlencoded')
    return { content: Buffer.from(form(body)), type: 'application/x-www-form-urlencoded' };
  return { content: Buffer.from(typeof body === 'string' ? body : pythonJson(body)) };
}

function form(body: unknown): string {
  if (typeof body === 'string') return body;
  if (typeof body !== 'object' || body === null) throw new TaskFailure('a form needs a dict as its body');
  const entries = Array.isArray(body) ? (body as [unknown, unknown][]) : Object.entries(body);
  const pairs = entries.flatMap(([key, value]) =>
    (Array.isArray(value) ? value : [value])
      .filter((item) => item !== null && item !== undefined)
      .map((item): [string, string] => [plain(key), plain(item)]),
  );
  return new URLSearchParams(pairs).toString().replaceAll('%7E', '~').replaceAll('*', '%2A');
}

/** A value as Python's str() has it. */
function plain(value: unknown): string {
  return typeof value === 'boolean' ? (value ? 'True' : 'False') : String(value);
}

async function multipart(body: unknown, read: ReadFile): Promise<Body> {
  if (typeof body !== 'object' || body === null || Array.isArray(body))
    throw new TaskFailure('body must be a dict of fields for body_format form-multipart');
  const boundary = `===============${randomBytes(12).toString('hex')}==`;
  const fields = Object.entries(body).sort(([left], [right]) => (left < right ? -1 : 1));
  const parts: Buffer[] = [];
  for (const [name, value] of fields)
    parts.push(Buffer.from(`--${boundary}\r\n`), await part(name, value, read), Buffer.from('\r\n'));
  parts.push(Buffer.from(`--${boundary}--\r\n`));
  return { content: Buffer.concat(parts), type: `multipart/form-data; boundary="${boundary}"`, fixed: true };
}

interface Field {
  readonly filename?: string;
  readonly content?: string;
  readonly mime_type?: string;
  readonly multipart_encoding?: string;
}

async function part(name: string, value: unknown, read: ReadFile): Promise<Buffer> {
  const disposition = (file?: string) =>
    `Content-Disposition: form-data; name=${quoted(name)}${file === undefined ? '' : `; filename=${quoted(basename(file))}`}`;
  const lines = (...headers: string[]) => Buffer.from(`${headers.join('\r\n')}\r\n\r\n`);
  if (typeof value === 'string')
    return Buffer.concat([lines('Content-Type: text/plain', disposition()), crlf(value)]);
  if (typeof value !== 'object' || value === null || Array.isArray(value))
    throw new TaskFailure(`the field ${name} of the body must be a text or a dict`);
  const { filename, content, mime_type, multipart_encoding } = value as Field;
  if (!filename && !content) throw new TaskFailure(`the field ${name} of the body needs filename or content`);
  const type = `Content-Type: ${mime_type || guessed(filename ?? '')}`;
  if (content || !filename) return Buffer.concat([lines(type, disposition(filename)), crlf(content ?? '')]);
  const file = await read(filename);
  switch (multipart_encoding ?? 'base64') {
    case 'base64':
      return Buffer.concat([
        lines('Content-Transfer-Encoding: base64', type, disposition(filename)),
        Buffer.from(
          file.toString('base64').replaceAll(/.{76}(?=.)/g, '$&\r\n') + (file.length > 0 ? '\r\n' : ''),
        ),
      ]);
    case '7or8bit': {
      const ascii = file.every((byte) => byte < 128);
      const encoding = `Content-Transfer-Encoding: ${ascii ? '7bit' : '8bit'}`;
      return Buffer.concat([
        lines(encoding, type, disposition(filename)),
        crlf(file.toString('latin1'), 'latin1'),
      ]);
    }
    default:
      throw new TaskFailure(
        `the field ${name} of the body has multipart_encoding ${multipart_encoding}: expected base64 or 7or8bit`,
      );
  }
}

/** Lines of the parts end with CR and LF. */
function crlf(text: string, encoding: BufferEncoding = 'utf8'): Buffer {
  return Buffer.from(text.replaceAll(/\r?\n/g, '\r\n'), encoding);
}

function quoted(value: string): string {
  return `"${value.replaceAll(/[\\"]/g, '\\$&')}"`;
}

const types: Record<string, string> = {
  bin: 'application/octet-stream',
  css: 'text/css',
  csv: 'text/csv',
  gif: 'image/gif',
  gz: 'application/octet-stream',
  htm: 'text/html',
  html: 'text/html',
  jpeg: 'image/jpeg',
  jpg: 'image/jpeg',
  js: 'text/javascript',
  json: 'application/json',
  pdf: 'application/pdf',
  png: 'image/png',
  svg: 'image/svg+xml',
  tar: 'application/x-tar',
  tgz: 'application/x-tar',
  txt: 'text/plain',
  xml: 'text/xml',
  zip: 'application/zip',
};

function guessed(filename: string): string {
  return types[extname(filename).slice(1).toLowerCase()] ?? 'application/octet-stream';
}
