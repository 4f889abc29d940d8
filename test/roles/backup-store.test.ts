import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { mkdirSync, mkdtempSync, readdirSync, rmSync, utimesSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';

const program = join(import.meta.dirname, '../../playbooks/roles/backup/files/foobar-backup-store');
const day = 86_400;
let folder: string;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'store-'));
  mkdirSync(join(folder, 'there'));
});
afterEach(() => rmSync(folder, { recursive: true }));

function settings(more = ''): void {
  writeFileSync(join(folder, 'store'), `directory='${folder}/there'\nkeep_days=3\nkeep_weeks=0\n${more}`);
}

function store(words: string[], { input = '' as string | Buffer, login = false } = {}): string {
  const env: NodeJS.ProcessEnv = { ...process.env, FOOBAR_BACKUP_STORE: join(folder, 'store') };
  delete env.SSH_ORIGINAL_COMMAND;
  if (login) env.SSH_ORIGINAL_COMMAND = words.join(' ');
  return execFileSync('sh', [program, ...(login ? [] : words)], { env, input, stdio: 'pipe' }).toString();
}

function name(kind: 'full' | 'log', time: number): string {
  const stamp = `${new Date(time * 1000).toISOString().slice(0, 19).replaceAll(/[-:]/g, '')}Z`;
  return kind === 'full' ? `full-${stamp}-aaaaaaaa` : `log-aaaaaaaa-${time}-000001`;
}

/** A backup of that time, in the folder. */
function made(kind: 'full' | 'log', time: number, where = 'there'): string {
  const made = name(kind, time);
  const sha256 = createHash('sha256').update(made).digest('hex');
  writeFileSync(join(folder, where, `${made}.age`), made);
  writeFileSync(join(folder, where, `${made}.json`), `{"kind": "${kind}", "sha256": "${sha256}"}\n`);
  for (const end of ['age', 'json']) utimesSync(join(folder, where, `${made}.${end}`), time, time);
  return made;
}

/** Sends one there. */
function put(time: number): string {
  mkdirSync(join(folder, 'new'));
  const sent = made('full', time, 'new');
  const input = execFileSync('tar', ['-C', join(folder, 'new'), '-c', `${sent}.age`, `${sent}.json`]);
  store(['put'], { input });
  return sent;
}

const there = () =>
  readdirSync(join(folder, 'there'))
    .filter((file) => file.endsWith('.json'))
    .map((file) => file.slice(0, -5))
    .sort();

describe('a place of backups', () => {
  const now = Math.floor(Date.now() / 1000);

  it('removes what is too old, with the logs before it', () => {
    settings();
    made('full', now - 9 * day);
    made('log', now - 8 * day);
    const kept = [made('full', now - 2 * day), made('log', now - day)];
    expect(there()).toHaveLength(4);
    const last = put(now);
    expect(there()).toEqual([...kept, last].sort());
  });

  it('counts the days from the newest backup: a clock that runs ahead takes nothing away', () => {
    settings();
    const year = 365 * day;
    const kept = [
      made('full', now - year - 2 * day),
      made('log', now - year - day),
      made('full', now - year),
    ];
    store(['prune']);
    expect(there()).toEqual([...kept].sort());
  });

  it('counts them from now where a backup claims to be of the future', () => {
    settings();
    const kept = [made('full', now - day), made('log', now - day), made('full', now + 400 * day)];
    store(['prune']);
    expect(there()).toEqual([...kept].sort());
  });

  it('keeps on the server that makes them what may not be elsewhere yet', () => {
    settings('kept_until_sent=yes\n');
    const old = made('full', now - 9 * day);
    const last = put(now);
    expect(there()).toEqual([old, last].sort());
    store(['prune']);
    expect(there()).toEqual([last]);
  });

  it('does not prune for who logs in', () => {
    settings();
    expect(() => store(['prune'], { login: true })).toThrow('prunes by itself');
    expect(store(['names'], { login: true })).toBe('');
  });
});
