import { createHmac } from 'node:crypto';
import { isFor } from '../../host/known_host_lines.ts';

/** What known_hosts is asked for. */
export interface KnownHostsWish {
  /** In lower case. */
  readonly name: string;
  readonly key?: string | undefined;
  readonly hash_host: boolean;
  readonly state: 'absent' | 'present';
}

export interface KnownHostsEdit {
  readonly changed: boolean;
  readonly after: string;
}

interface Entry {
  readonly marker: string;
  readonly hosts: string;
  readonly type: string;
  readonly key: string;
}

/** The file as Ansible's known_hosts leaves it: one key of a type for a host, a new one at the end. */
export function editKnownHosts(text: string, want: KnownHostsWish): KnownHostsEdit {
  const lines = text.match(/[^\n]*\n|[^\n]+$/g) ?? [];
  const entries = lines.map(readEntry);
  const here = entries.flatMap((entry, index) =>
    entry !== undefined && isFor(entry, want.name) ? [{ entry, index }] : [],
  );
  const none = { changed: false, after: text };
  if (want.key === undefined) {
    const gone = new Set(here.filter(({ entry }) => entry.marker === '').map(({ index }) => index));
    if (here.length === 0) return none;
    return { changed: true, after: lines.filter((_, index) => !gone.has(index)).join('') };
  }
  const wanted = readEntry(want.hash_host ? hashedKey(want.key, want.name, Buffer.alloc(20)) : want.key)!;
  const found = here.find(
    ({ entry }) => same(entry, wanted) || (entry.marker === '' && entry.type === wanted.type),
  );
  const settled = found !== undefined && same(found.entry, wanted);
  if (want.state === 'absent') {
    if (found === undefined) return none;
    return { changed: true, after: lines.toSpliced(found.index, 1).join('') };
  }
  if (settled) return none;
  const kept = found === undefined ? lines : lines.toSpliced(found.index, 1);
  return { changed: true, after: [...kept, want.key.endsWith('\n') ? want.key : `${want.key}\n`].join('') };
}

function readEntry(line: string): Entry | undefined {
  const fields = line.trim().split(/\s+/);
  if (fields[0] === '' || fields[0]?.startsWith('#')) return undefined;
  const marker = fields[0]?.startsWith('@') ? fields.shift()! : '';
  const [hosts, type, key] = fields;
  return hosts && type && key ? { marker, hosts, type, key } : undefined;
}

/** The same key under the same name; two hashes are taken for the same name. */
function same(left: Entry, right: Entry): boolean {
  const bothHashed = left.marker === '' && [left, right].every(({ hosts }) => hosts.startsWith('|1|'));
  return (
    left.marker === right.marker &&
    (bothHashed || left.hosts === right.hosts) &&
    left.type === right.type &&
    left.key === right.key
  );
}

/** Whether a line is one for the host. */
export function namesHost(line: string, name: string): boolean {
  const entry = readEntry(line);
  return entry !== undefined && isFor(entry, name);
}

/** The line with a hash in place of the name (sshd(8), SSH_KNOWN_HOSTS FILE FORMAT). */
export function hashedKey(line: string, name: string, salt: Buffer): string {
  const fields = line.trim().split(/\s+/);
  const hash = createHmac('sha1', salt).update(name).digest('base64');
  fields[fields[0]!.startsWith('@') ? 1 : 0] = `|1|${salt.toString('base64')}|${hash}`;
  return fields.join(' ');
}
