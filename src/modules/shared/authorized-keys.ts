/** One key of an authorized_keys file (format: sshd(8), AUTHORIZED_KEYS FILE FORMAT). */
export interface AuthorizedKey {
  readonly options: string;
  readonly type: string;
  /** Base64. */
  readonly key: string;
  readonly comment: string;
}

const types =
  /^(ssh-(rsa|dss|ed25519)|ecdsa-sha2-nistp\d+|sk-(ssh-ed25519|ecdsa-sha2-nistp256)@openssh\.com)(-cert-v01@openssh\.com)?$/;

/** Reads one line; undefined for a comment, an empty line, or what is no key. */
export function parseKeyLine(line: string): AuthorizedKey | undefined {
  const trimmed = line.trim();
  if (trimmed === '' || trimmed.startsWith('#')) return undefined;
  const direct = readKey('', trimmed);
  if (direct) return direct;
  // Options come first; spaces count inside double quotes only.
  const options = /^(?:"(?:\\.|[^"\\])*"|[^\s"])+/.exec(trimmed)?.[0] ?? '';
  return options === '' ? undefined : readKey(options, trimmed.slice(options.length).trim());
}

function readKey(options: string, text: string): AuthorizedKey | undefined {
  const [, type, key, comment = ''] = /^(\S+)\s+([A-Za-z0-9+/]+={0,2})(?:\s+(.*))?$/.exec(text) ?? [];
  if (!type || !key || !types.test(type)) return undefined;
  const blob = Buffer.from(key, 'base64');
  const named = blob.length > 4 && blob.toString('latin1', 4, 4 + blob.readUInt32BE(0)) === type;
  return named ? { options, type, key, comment: comment.trim() } : undefined;
}

export function formatKey({ options, type, key, comment }: AuthorizedKey): string {
  return [options, type, key, comment].filter((part) => part !== '').join(' ');
}

export interface KeysWant {
  readonly keys: readonly AuthorizedKey[];
  readonly state: 'present' | 'absent';
  /** No other keys may stay. */
  readonly exclusive: boolean;
}

/** The file's text with the keys put in or taken out. Lines that are none of ours stay as they are. */
export function editKeys(content: string, want: KeysWant): string {
  const missing = new Map(want.state === 'present' ? want.keys.map((key) => [key.key, key]) : []);
  const named = new Set(want.keys.map(({ key }) => key));
  const lines: string[] = [];
  for (const line of content.split('\n')) {
    const there = parseKeyLine(line);
    if (!there) {
      lines.push(line);
      continue;
    }
    const wanted = missing.get(there.key);
    if (wanted) {
      missing.delete(there.key);
      lines.push(formatKey(wanted) === formatKey(there) ? line : formatKey(wanted));
    } else if (!named.has(there.key) && !want.exclusive) lines.push(line);
  }
  if (missing.size === 0) return lines.join('\n');
  while (lines.length > 0 && lines.at(-1) === '') lines.pop();
  return `${[...lines, ...[...missing.values()].map(formatKey)].join('\n')}\n`;
}
