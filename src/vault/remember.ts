import { rememberSecret } from '../secrets.ts';

/** Words of a playbook's structure: what they say is no secret even in an encrypted file. */
const structure = new Set([
  'become_user',
  'hosts',
  'listen',
  'name',
  'notify',
  'register',
  'remote_user',
  'state',
  'tags',
  'when',
]);

/** Remembers a decrypted text: no output may show it, as a whole, line by line, or in the usual encodings. */
export function rememberText(text: string): void {
  // What is around templates is secret; what is in them comes from elsewhere.
  for (const part of text.split(/\{\{.*?\}\}|\{%.*?%\}/s)) rememberForms(part);
}

function rememberForms(part: string): void {
  const trimmed = part.trim();
  if (trimmed === '') return;
  const forms = [
    trimmed,
    JSON.stringify(trimmed).slice(1, -1),
    encodeURIComponent(Buffer.from(trimmed).toString()),
    trimmed.replaceAll("'", `'\\''`),
    Buffer.from(trimmed).toString('base64'),
    Buffer.from(part).toString('base64'),
  ];
  for (const form of new Set(forms)) rememberSecret(form, { words: true });
  // Words of a command are written apart where they name variables of the shell.
  if (trimmed.includes('$')) for (const piece of trimmed.split(/\$\{?\w+\}?/)) rememberSecret(piece);
  if (!trimmed.includes('\n')) return;
  for (const line of trimmed.split('\n'))
    if (!line.trim().startsWith('-----')) rememberSecret(line.trim(), { words: true });
}

const vaulted = new Set<string>();

/** Remembers the plain text of a `!vault` value. */
export function rememberVaulted(text: string): void {
  vaulted.add(text);
  rememberText(text);
}

/** True for the plain text of a `!vault` value that was used: the test `vault_encrypted`. */
export function wasVaulted(text: string): boolean {
  return vaulted.has(text);
}

/** Remembers every text and number in what was read from an encrypted file. */
export function rememberValues(value: unknown, key?: string): void {
  if (key !== undefined && structure.has(key)) return;
  if (typeof value === 'string') rememberText(value);
  else if (typeof value === 'number') rememberText(String(value));
  else if (Array.isArray(value)) for (const item of value) rememberValues(item, key);
  else if (value !== null && typeof value === 'object')
    for (const [name, item] of Object.entries(value)) rememberValues(item, name);
}
