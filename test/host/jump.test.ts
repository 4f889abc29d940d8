import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Connection, ConnectionSettings } from '../../src/host/connection.ts';
import { connectSsh } from '../../src/host/ssh.ts';
import { freePort, makeKey, signal, startSshd, type TestSshd } from './sshd.ts';

let first: TestSshd;
let second: TestSshd;
let target: TestSshd;
beforeAll(async () => {
  [first, second, target] = await Promise.all([startSshd(), startSshd(), startSshd()]);
});
afterAll(async () => {
  await Promise.all([first, second, target].map((sshd) => sshd.stop()));
});

async function answer(connection: Connection, command: string): Promise<string> {
  const channel = await connection.exec(command);
  channel.stderr.resume();
  return text(channel.stdout);
}

function otherKey(sshd: TestSshd, name: string): string {
  const key = readFileSync(`${makeKey(sshd.directory, name)}.pub`, 'utf8');
  return sshd.knownHosts(`[127.0.0.1]:${sshd.port} ${key}`);
}

const refusal = (settings: ConnectionSettings) =>
  connectSsh(settings).then(
    () => expect.unreachable('it was let in'),
    (error: unknown) => error,
  );

describe('a host behind others', () => {
  test('is reached through one', async () => {
    const connection = await connectSsh(target.settings({ jump: first.settings() }));
    expect(await answer(connection, 'echo "$SSH_CONNECTION"')).toContain(` ${target.port}`);
    expect(first.sessions().length).toBeGreaterThan(0);
    await connection.close();
    await expect.poll(() => first.sessions()).toEqual([]);
  });

  test('is reached through two', async () => {
    const jump = second.settings({ jump: first.settings() });
    const connection = await connectSsh(target.settings({ jump }));
    expect(await answer(connection, 'echo "$SSH_CONNECTION"')).toContain(` ${target.port}`);
    expect(first.sessions().length * second.sessions().length).toBeGreaterThan(0);
    await connection.close();
    await expect.poll(() => [...first.sessions(), ...second.sessions()]).toEqual([]);
  });

  test('shares the way with its neighbours', async () => {
    const jump = first.settings();
    const one = await connectSsh(target.settings({ jump }));
    const alone = first.sessions().length;
    const others = await Promise.all([1, 2, 3].map(() => connectSsh(target.settings({ jump }))));
    expect(first.sessions()).toHaveLength(alone);
    await one.close();
    expect(await Promise.all(others.map((connection) => answer(connection, 'echo here')))).toEqual(
      others.map(() => 'here\n'),
    );
    await Promise.all(others.map((connection) => connection.close()));
  });

  test('is not reached through one whose key changed, and no key of ours is offered', async () => {
    const jump = first.settings({
      knownHostsFiles: [otherKey(first, 'changed')],
      identityFiles: ['/nowhere/key'],
    });
    expect(await refusal(target.settings({ jump, identityFiles: ['/nowhere/key'] }))).toMatchObject({
      kind: 'host-key',
      host: 'server1',
      message: expect.stringMatching(/^jump host \S+@127\.0\.0\.1: THE HOST KEY OF .* HAS CHANGED/),
    });
    expect(target.sessions()).toEqual([]);
  });

  test('is refused when its own key changed', async () => {
    const jump = first.settings();
    const knownHostsFiles = [otherKey(target, 'swapped')];
    expect(
      await refusal(target.settings({ jump, knownHostsFiles, identityFiles: ['/nowhere/key'] })),
    ).toMatchObject({
      kind: 'host-key',
      message: expect.stringMatching(/^THE HOST KEY OF/),
    });
    await expect.poll(() => first.sessions()).toEqual([]);
  });

  test('is not let in by a jump host that does not know us', async () => {
    const jump = first.settings({ identityFiles: [makeKey(first.directory, 'stranger')] });
    expect(await refusal(target.settings({ jump }))).toMatchObject({
      kind: 'authentication',
      message: expect.stringMatching(/^jump host .*does not let us in/),
    });
  });

  test('that the jump host does not reach is unreachable', async () => {
    const settings = target.settings({ jump: first.settings(), port: await freePort() });
    expect(await refusal(settings)).toMatchObject({
      kind: 'unreachable',
      message: expect.stringContaining(`it does not reach 127.0.0.1 port ${settings.port}`),
    });
  });

  test('is lost with the jump host', async () => {
    const own = await startSshd();
    const connection = await connectSsh(target.settings({ jump: own.settings() }));
    const channel = await connection.exec('echo begun; sleep 600');
    channel.stderr.resume();
    channel.stdout.once('data', () => {
      signal(own.sessions(), 'SIGKILL');
    });
    expect(await channel.closed).toBeUndefined();
    expect(await connection.lost).toMatchObject({ kind: 'lost', host: 'server1' });
    await connection.close();
    await own.stop();
  });
});

describe('a program as the way', () => {
  const relay = `const s = require("net").connect(+process.argv[1], "127.0.0.1"); process.stdin.pipe(s).pipe(process.stdout)`;

  test('carries the bytes', async () => {
    const proxyCommand = `'${process.execPath}' -e '${relay}' ${target.port}`;
    const connection = await connectSsh(
      target.settings({ proxyCommand, port: 22, knownHostsFiles: [known22()] }),
    );
    expect(await answer(connection, 'echo "$SSH_CONNECTION"')).toContain(` ${target.port}`);
    await connection.close();
  });

  test('tells why it failed', async () => {
    const settings = target.settings({ proxyCommand: 'sh -c "echo no way out >&2; exit 1"' });
    expect(await refusal(settings)).toMatchObject({
      kind: 'unreachable',
      message: expect.stringContaining('no way out'),
    });
  });

  const known22 = () => target.knownHosts(`127.0.0.1 ${target.hostKey}\n`);
});

describe('a host that nobody knows', () => {
  test('is written down where accept-new is said, and refused when it changes', async () => {
    const file = join(target.directory, 'new', 'known_hosts');
    const settings = target.settings({ knownHostsFiles: [file], acceptNew: true });
    await (await connectSsh(settings)).close();
    expect(readFileSync(file, 'utf8')).toBe(`[127.0.0.1]:${target.port} ${target.hostKey}\n`);
    await (await connectSsh({ ...settings, acceptNew: false })).close();
    execFileSync('cp', [otherKey(target, 'later'), file]);
    expect(await refusal(settings)).toMatchObject({ kind: 'host-key' });
  });
});
