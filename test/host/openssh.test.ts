import { execFileSync } from 'node:child_process';
import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir, userInfo } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import type { Connection } from '../../src/host/connection.ts';
import { connectionSettings } from '../../src/host/connection.ts';
import { connectOpenssh } from '../../src/host/openssh.ts';
import { makeKey, signal, startSshd, type TestSshd } from './sshd.ts';

let sshd: TestSshd;
let runtime: string;
beforeAll(async () => {
  sshd = await startSshd();
  runtime = mkdtempSync(join(tmpdir(), 'openssh-'));
  vi.stubEnv('XDG_RUNTIME_DIR', runtime);
});
afterAll(async () => {
  vi.unstubAllEnvs();
  await sshd.stop();
  rmSync(runtime, { recursive: true });
});

const user = userInfo().username;
const machine = () => ({ user, home: sshd.directory, configurations: [] });

/** A host as an inventory names it. */
function open(change: Record<string, unknown> = {}): Connection {
  const known = sshd.knownHosts(`[127.0.0.1]:${sshd.port} ${sshd.hostKey}\n`);
  const variables: Record<string, unknown> = {
    ansible_connection: 'openssh',
    ansible_host: '127.0.0.1',
    ansible_port: sshd.port,
    ansible_ssh_private_key_file: sshd.userKey,
    ansible_ssh_common_args: `-F none -o IdentitiesOnly=yes -o UserKnownHostsFile=${known} -o IdentityAgent=none`,
    ...change,
  };
  return connectOpenssh(
    connectionSettings('server1', (name) => variables[name], machine()),
    () => false,
  );
}

async function answer(connection: Connection, command: string) {
  const channel = await connection.exec(command);
  channel.stdin.end('hello');
  const [out, err, code] = await Promise.all([text(channel.stdout), text(channel.stderr), channel.closed]);
  return { out, err, code };
}

describe('a connection through the system’s ssh', () => {
  it('carries programs with their streams and exit codes, all over one login', async () => {
    const connection = open();
    const shell = await connection.exec('echo $PPID; cat');
    const first = await new Promise((resolve) => shell.stdout.once('data', (data) => resolve(String(data))));
    expect(await answer(connection, 'cat; echo problem >&2; exit 7')).toEqual({
      out: 'hello',
      err: 'problem\n',
      code: 7,
    });
    expect(Number.isInteger(Number(first))).toBe(true);
    // One login is two processes of sshd at most: with privileges and without.
    expect(sshd.sessions().filter((pid) => nameOf(pid).startsWith('sshd')).length).toBeLessThanOrEqual(2);
    await connection.close();
    expect(readdirSync(join(runtime, 'foobar')).filter((name) => name.startsWith('o'))).toEqual([]);
  });

  it('knows hosts by the keys of the inventory alone', async () => {
    const args = '-F none -o IdentitiesOnly=yes -o IdentityAgent=none -o UserKnownHostsFile=/nowhere';
    const connection = open({ ssh_host_keys: [sshd.hostKey], ansible_ssh_common_args: args });
    expect((await answer(connection, 'echo in')).out).toBe('in\n');
    await connection.close();
    const other = makeKey(sshd.directory, 'other_host');
    const line = execFileSync('cut', ['-d', ' ', '-f1,2', `${other}.pub`], { encoding: 'utf8' }).trim();
    await expect(
      open({ ssh_host_keys: [line], ansible_ssh_common_args: args }).exec('true'),
    ).rejects.toMatchObject({
      kind: 'host-key',
    });
  });

  it.each([
    ['an unknown host', { ansible_ssh_common_args: '-F none -o UserKnownHostsFile=/nowhere' }, 'host-key'],
    ['a closed port', { ansible_port: 1 }, 'unreachable'],
  ])('tells %s', async (_what, change, kind) => {
    await expect(open(change).exec('true')).rejects.toMatchObject({ kind });
  });

  it('tells a key that is refused', async () => {
    const stranger = makeKey(sshd.directory, 'stranger');
    await expect(open({ ansible_ssh_private_key_file: stranger }).exec('true')).rejects.toMatchObject({
      kind: 'authentication',
      message: expect.stringContaining('Permission denied'),
    });
  });

  it('tells a connection that was lost, with no exit code', async () => {
    const connection = open();
    const channel = await connection.exec('sleep 100');
    const serving = sshd.sessions().filter((pid) => nameOf(pid).startsWith('sshd'));
    signal(serving, 'SIGKILL');
    expect(await channel.closed).toBeUndefined();
    expect(await connection.lost).toMatchObject({ kind: 'lost' });
    await connection.close();
  });

  it('is never strict about host keys by half, whatever the configuration says', async () => {
    const configuration = join(sshd.directory, 'lax_config');
    writeFileSync(configuration, 'Host *\n  StrictHostKeyChecking no\n  UserKnownHostsFile /nowhere\n');
    const connection = open({ ansible_ssh_common_args: `-F ${configuration}` });
    await expect(connection.exec('true')).rejects.toMatchObject({ kind: 'host-key' });
  });
});

function nameOf(pid: number): string {
  try {
    return execFileSync('ps', ['-o', 'comm=', '-p', String(pid)], { encoding: 'utf8' });
  } catch {
    return '';
  }
}
