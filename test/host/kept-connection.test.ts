import { execFileSync } from 'node:child_process';
import { chmodSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import { ProjectError } from '../../src/errors.ts';
import {
  type Channel,
  type Connection,
  type ConnectionSettings,
  connectionSettings,
} from '../../src/host/connection.ts';
import { connectKept } from '../../src/host/kept-connection.ts';
import { connectSsh } from '../../src/host/ssh.ts';
import { makeKey, signal, startSshd, type TestSshd } from './sshd.ts';

let sshd: TestSshd;
let runtime: string;
let settings: ConnectionSettings;
const sockets = () => join(runtime, 'foobar');

beforeAll(async () => {
  sshd = await startSshd();
});
afterAll(() => sshd.stop());
beforeEach(() => {
  runtime = mkdtempSync(join(tmpdir(), 'kept-'));
  vi.stubEnv('XDG_RUNTIME_DIR', runtime);
  settings = sshd.settings({ keep: '60s' });
});
afterEach(async () => {
  signal(keepers(), 'SIGKILL');
  vi.unstubAllEnvs();
  rmSync(runtime, { recursive: true });
});

/** Processes of ssh that keep connections of this test. */
function keepers(): number[] {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .filter((pid) => {
      try {
        const words = readFileSync(`/proc/${pid}/cmdline`, 'utf8');
        return words.startsWith('ssh') && words.includes(runtime);
      } catch {
        return false;
      }
    })
    .map(Number);
}

async function kept(change: Partial<ConnectionSettings> = {}): Promise<Connection> {
  const connection = await connectKept({ ...settings, ...change });
  if (!connection) throw new Error('no connection is kept');
  return connection;
}

async function read(channel: Channel) {
  const [out, err, code] = await Promise.all([text(channel.stdout), text(channel.stderr), channel.closed]);
  return { out, err, code };
}

const answer = async (connection: Connection, command: string) =>
  (await read(await connection.exec(command))).out;
/** The login that a program runs in, by the process of sshd. */
const login = (connection: Connection) => answer(connection, 'echo $PPID');
const gone = (pid: number) =>
  vi.waitFor(() => expect(() => process.kill(pid, 0)).toThrow(), { timeout: 120_000, interval: 50 });

describe('a kept connection', () => {
  it('carries programs with their streams and exit codes', async () => {
    const connection = await kept();
    const channel = await connection.exec('cat; echo problem >&2; exit 7');
    channel.stdin.end('hello');
    expect(await read(channel)).toEqual({ out: 'hello', err: 'problem\n', code: 7 });
    await connection.close();
  });

  it('is there for the next run, and for two at once', async () => {
    const first = await kept();
    const before = await login(first);
    await first.close();
    const [second, third] = await Promise.all([kept(), kept()]);
    expect(await Promise.all([login(second), login(third)])).toEqual([before, before]);
    await Promise.all([second.close(), third.close()]);
    expect(readdirSync(sockets())).toHaveLength(1);
    expect(keepers()).toHaveLength(1);
  });

  it('is one also when two runs begin at once', async () => {
    const both = await Promise.all([kept(), kept()]);
    expect(new Set(await Promise.all(both.map(login))).size).toBe(1);
    await Promise.all(both.map((each) => each.close()));
    await vi.waitFor(() => expect(keepers()).toHaveLength(1), { timeout: 120_000 });
  });

  it('is for its user only', async () => {
    await (await kept()).close();
    const [socket = ''] = readdirSync(sockets());
    expect(statSync(sockets()).mode & 0o777).toBe(0o700);
    expect(statSync(join(sockets(), socket)).mode & 0o077).toBe(0);
    chmodSync(sockets(), 0o755);
    expect(await connectKept(settings)).toBeUndefined();
  });

  it('of other settings is another one', async () => {
    const other = makeKey(runtime, 'other_key');
    await (await kept()).close();
    expect(await connectKept({ ...settings, identityFiles: [other] })).toBeUndefined();
    expect(await connectKept({ ...settings, user: 'nobody' })).toBeUndefined();
  });

  it('closes by itself', async () => {
    await (await kept({ keep: '1s' })).close();
    await vi.waitFor(() => expect(keepers()).toEqual([]), { timeout: 120_000 });
    expect(readdirSync(sockets())).toEqual([]);
  });

  it('that is ended is no more for anybody', async () => {
    const connection = await kept();
    const before = await login(connection);
    const [pid = 0] = keepers();
    await connection.end?.();
    await gone(pid);
    const next = await kept();
    expect(await login(next)).not.toBe(before);
    await next.close();
  });

  it.each<[string, () => readonly number[]]>([
    ['whose keeper is killed', keepers],
    ['whose host goes away', () => sshd.sessions()],
  ])('%s is lost, and never a success', async (_what, victims) => {
    const connection = await kept();
    const channel = await connection.exec('echo begun; sleep 60; echo done');
    await new Promise((resolve) => channel.stdout.once('data', resolve));
    signal(victims(), 'SIGKILL');
    expect(await channel.closed).toBeUndefined();
    expect(await connection.lost).toMatchObject({ kind: 'lost', host: 'server1' });
    expect((await read(await connection.exec('echo alive'))).code).toBeUndefined();
    await connection.close();
    const next = await kept();
    expect(await answer(next, 'echo alive')).toBe('alive\n');
    await next.close();
  });

  it('can end a program', async () => {
    const connection = await kept();
    const channel = await connection.exec('echo begun; exec sleep 60');
    await new Promise((resolve) => channel.stdout.once('data', resolve));
    channel.kill();
    expect(await channel.closed).toBeUndefined();
    await connection.close();
  });
});

describe('no connection is kept', () => {
  it('to a host that shows another key: that stays an error', async () => {
    const stranger = readFileSync(`${makeKey(runtime, 'stranger')}.pub`, 'utf8');
    const knownHostsFiles = [sshd.knownHosts(`[127.0.0.1]:${sshd.port} ${stranger}`)];
    const wrong = { ...settings, knownHostsFiles };
    expect(await connectKept(wrong)).toBeUndefined();
    await expect(connectSsh(wrong)).rejects.toMatchObject({ kind: 'host-key' });
    expect(await connectKept({ ...settings, knownHostsFiles: [] })).toBeUndefined();
    expect(keepers()).toEqual([]);
  });

  it('where there is no ssh', async () => {
    mkdirSync(join(runtime, 'empty'));
    vi.stubEnv('PATH', join(runtime, 'empty'));
    expect(await connectKept(settings)).toBeUndefined();
  });
});

describe('ControlMaster and ControlPersist', () => {
  const machine = { user: 'me', home: '/home/me', configurations: [] };
  const keep = (args: string) =>
    connectionSettings('web1', (name) => (name === 'ansible_ssh_args' ? args : undefined), machine).keep;

  it.each([
    ['-o ControlMaster=auto -o ControlPersist=60s', '60s'],
    ['-o ControlMaster=yes -o ControlPersist=1h30m', '1h30m'],
    ['-o ControlMaster=auto -o ControlPersist=yes', 'yes'],
    ['-o ControlMaster=auto -o ControlPersist=no', undefined],
    ['-o ControlMaster=auto', undefined],
    ['-o ControlPersist=60s', undefined],
    ['-o ControlMaster=no -o ControlPersist=60s', undefined],
    ['', undefined],
  ])('%j keep it for %s', (args, time) => {
    expect(keep(args)).toBe(time);
  });

  it('of nonsense is a mistake', () => {
    expect(() => keep('-o ControlMaster=auto -o ControlPersist=soon')).toThrow(ProjectError);
  });

  it('of the configuration of ssh mean ssh', () => {
    const file = join(runtime, 'config');
    execFileSync('sh', ['-c', `printf 'ControlMaster auto\\nControlPersist 60\\n' >${file}`]);
    expect(connectionSettings('web1', () => undefined, { ...machine, configurations: [file] }).keep).toBe(
      undefined,
    );
  });
});
