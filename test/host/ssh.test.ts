import { execFileSync, spawn } from 'node:child_process';
import { existsSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { TransportError } from '../../src/errors.ts';
import type { Channel, Connection, ConnectionSettings } from '../../src/host/connection.ts';
import { usualPatience } from '../../src/host/socket.ts';
import { connectSsh } from '../../src/host/ssh.ts';
import { freePort, makeKey, signal, startSshd, type TestSshd } from './sshd.ts';

let sshd: TestSshd;
beforeAll(async () => {
  sshd = await startSshd();
});
afterAll(async () => {
  await sshd.stop();
});

async function refusal(settings: ConnectionSettings): Promise<TransportError> {
  const outcome = await connectSsh(settings).catch((error: unknown) => error);
  if (!(outcome instanceof TransportError)) {
    await (outcome as Connection).close?.();
    throw new Error(`not refused: ${outcome}`);
  }
  return outcome;
}

async function read(channel: Channel): Promise<{ out: string; err: string; code: number | undefined }> {
  const [out, err, code] = await Promise.all([text(channel.stdout), text(channel.stderr), channel.closed]);
  return { out, err, code };
}

async function answer(connection: Connection, command: string): Promise<string> {
  return (await read(await connection.exec(command))).out;
}

describe('a program on a host', () => {
  test('has streams and an exit code', async () => {
    const connection = await connectSsh(sshd.settings());
    const channel = await connection.exec('cat; echo problem >&2; exit 7');
    channel.stdin.end('hello');
    expect(await read(channel)).toEqual({ out: 'hello', err: 'problem\n', code: 7 });
    await connection.close();
  });

  test('that a signal ends has 128 + n as code', async () => {
    const connection = await connectSsh(sshd.settings());
    expect((await read(await connection.exec('kill -9 $$'))).code).toBe(137);
    await connection.close();
  });

  test('can be ended', async () => {
    const connection = await connectSsh(sshd.settings());
    const channel = await connection.exec('echo $$; while echo alive; do sleep 0.1; done');
    channel.stderr.resume();
    const pid = await new Promise((resolve) =>
      channel.stdout.once('data', (chunk: Buffer) => resolve(Number.parseInt(chunk.toString(), 10))),
    );
    channel.kill();
    await channel.closed;
    await expect.poll(() => existsSync(`/proc/${pid}`), { timeout: 120_000 }).toBe(false);
    await connection.close();
  });

  test('gets and gives megabytes unharmed', async () => {
    const connection = await connectSsh(sshd.settings());
    const channel = await connection.exec('cat');
    const much = 'äöü and more\n'.repeat(400_000);
    channel.stdin.end(much);
    const { out, code } = await read(channel);
    expect(out === much).toBe(true);
    expect(code).toBe(0);
    await connection.close();
  });

  test('starts twelve times on one connection, where sshd allows ten at once', async () => {
    const connection = await connectSsh(sshd.settings());
    for (let round = 0; round < 3; round++)
      expect(await Promise.all([1, 2, 3, 4].map((n) => answer(connection, `echo ${n}`)))).toEqual(
        [1, 2, 3, 4].map((n) => `${n}\n`),
      );
    await connection.close();
  });

  test('cannot start after close', async () => {
    const connection = await connectSsh(sshd.settings());
    await connection.close();
    await expect(connection.exec('true')).rejects.toMatchObject({ kind: 'lost' });
  });
});

describe('the host key', () => {
  test('is accepted hashed', async () => {
    const file = sshd.knownHosts(`[127.0.0.1]:${sshd.port} ${sshd.hostKey}\n`);
    execFileSync('ssh-keygen', ['-q', '-H', '-f', file], { stdio: 'ignore' });
    expect(execFileSync('cat', [file], { encoding: 'utf8' })).toMatch(/^\|1\|/);
    const connection = await connectSsh(sshd.settings({ knownHostsFiles: [file] }));
    await connection.close();
  });

  test('is accepted under an alias', async () => {
    const file = sshd.knownHosts(`web1 ${sshd.hostKey}\n`);
    const connection = await connectSsh(sshd.settings({ knownHostsFiles: [file], hostKeyAlias: 'web1' }));
    await connection.close();
  });

  test('that nobody knows is refused with its fingerprint and the way on', async () => {
    const error = await refusal(sshd.settings({ knownHostsFiles: ['/nowhere/known_hosts'] }));
    expect(error.kind).toBe('host-key');
    const shown = execFileSync('ssh-keygen', ['-lf', `${sshd.hostKeyFile}.pub`], { encoding: 'utf8' });
    expect(error.message).toContain(`ED25519 ${shown.split(' ')[1]}`);
    expect(error.hint).toContain('foobar trust INVENTORY');
  });

  test('that changed is refused loudly, before any key of ours is offered', async () => {
    const other = execFileSync('cut', ['-d', ' ', '-f1,2', `${makeKey(sshd.directory, 'other')}.pub`], {
      encoding: 'utf8',
    });
    const file = sshd.knownHosts(`# comment\n[127.0.0.1]:${sshd.port} ${other}`);
    const error = await refusal(sshd.settings({ knownHostsFiles: [file], identityFiles: ['/nowhere/key'] }));
    expect(error.kind).toBe('host-key');
    expect(error.message).toContain('HAS CHANGED');
    expect(error.message).toContain(`${file}:2`);
  });

  test('that is revoked is refused though it is known too', async () => {
    const file = sshd.knownHosts(`[127.0.0.1]:${sshd.port} ${sshd.hostKey}\n@revoked * ${sshd.hostKey}\n`);
    const error = await refusal(sshd.settings({ knownHostsFiles: [file] }));
    expect(error).toMatchObject({
      kind: 'host-key',
      message: expect.stringContaining(`revoked at ${file}:2`),
    });
  });

  test('of the known type is asked for first', async () => {
    const rsa = await startSshd('rsa');
    const file = rsa.knownHosts(`[127.0.0.1]:${rsa.port} ${rsa.hostKey}\n`);
    const connection = await connectSsh(rsa.settings({ knownHostsFiles: [file] }));
    await connection.close();
    await rsa.stop();
  });
});

describe('logging in', () => {
  test('fails with what was tried', async () => {
    const wrong = makeKey(sshd.directory, 'wrong');
    const error = await refusal(sshd.settings({ identityFiles: [wrong, wrong, '/nowhere/key'] }));
    expect(error.kind).toBe('authentication');
    expect(error.message.match(/refused/g)).toHaveLength(1);
    expect(error.message).toContain(`${wrong} (refused)`);
    expect(error.message).toContain('/nowhere/key (there is no such file)');
  });

  test('without any key says so', async () => {
    const error = await refusal(sshd.settings({ identityFiles: ['/nowhere/key'] }));
    expect(error).toMatchObject({ kind: 'authentication', message: expect.stringContaining('/nowhere/key') });
  });

  test('takes an RSA key, signed with SHA-2', async () => {
    const rsa = makeKey(sshd.directory, 'user_rsa', 'rsa');
    execFileSync('sh', ['-c', `cat '${rsa}.pub' >> '${sshd.directory}/authorized_keys'`]);
    const connection = await connectSsh(sshd.settings({ identityFiles: [rsa] }));
    await connection.close();
  });

  test('takes an encrypted key from the agent, and explains when the agent has it not', async () => {
    const locked = makeKey(sshd.directory, 'locked', 'ed25519', 'a passphrase');
    execFileSync('sh', ['-c', `cat '${locked}.pub' >> '${sshd.directory}/authorized_keys'`]);
    const agent = join(sshd.directory, 'agent');
    const server = spawn('ssh-agent', ['-D', '-a', agent], { stdio: ['ignore', 'pipe', 'ignore'] });
    await new Promise((resolve) => server.stdout.once('data', resolve));

    const error = await refusal(sshd.settings({ identityFiles: [locked], agent }));
    expect(error.message).toContain(
      `${locked} (is encrypted and not in the agent, and there is no terminal to ask for its passphrase: ssh-add ${locked})`,
    );

    const askpass = join(sshd.directory, 'askpass');
    writeFileSync(askpass, '#!/bin/sh\necho a passphrase\n', { mode: 0o700 });
    execFileSync('ssh-add', ['-q', locked], {
      env: { ...process.env, SSH_AUTH_SOCK: agent, SSH_ASKPASS: askpass, SSH_ASKPASS_REQUIRE: 'force' },
      stdio: 'ignore',
      timeout: 120_000,
    });
    const connection = await connectSsh(sshd.settings({ identityFiles: [locked], agent }));
    await connection.close();
    server.kill();
  });
});

describe('a host that is not there', () => {
  test('refuses the port', async () => {
    const error = await refusal(sshd.settings({ port: await freePort() }));
    expect(error).toMatchObject({
      kind: 'unreachable',
      message: expect.stringContaining('connection refused'),
    });
  });

  test('has no name', async () => {
    const error = await refusal(sshd.settings({ address: 'no-such-host.invalid' }));
    expect(error.kind).toBe('unreachable');
  });

  test('turns some away while many log in', async () => {
    // More at once than MaxStartups, which is 10:30:100 where nothing is said, lets in without refusing any.
    const settings = sshd.settings();
    const logins = await Promise.all(Array.from({ length: 40 }, () => connectSsh(settings)));
    await Promise.all(logins.map((connection) => connection.close()));
  });

  test('turns everybody away', async () => {
    const calls: number[] = [];
    const busy = createServer((socket) => {
      calls.push(performance.now());
      socket.end('Not allowed at this time\r\n');
    }).listen(0, '127.0.0.1');
    await new Promise((resolve) => busy.once('listening', resolve));
    const { port } = busy.address() as { port: number };
    const error = await refusal(sshd.settings({ port, connectTimeout: 3 }));
    expect(error).toMatchObject({ kind: 'unreachable', hint: expect.stringContaining('MaxStartups') });
    expect(calls.length).toBeGreaterThan(1);
    expect(calls.at(-1)! - calls[0]!).toBeLessThan(60_000);
    busy.close();
  });

  test('says nothing', async () => {
    const silent = createServer().listen(0, '127.0.0.1');
    await new Promise((resolve) => silent.once('listening', resolve));
    const { port } = silent.address() as { port: number };
    const error = await refusal(sshd.settings({ port, connectTimeout: 1 }));
    expect(error).toMatchObject({ kind: 'unreachable', message: expect.stringContaining('within 1 s') });
    silent.close();
  });
});

describe('a connection that is lost', () => {
  test('leaves the result of what ran unknown', async () => {
    const own = await startSshd();
    const connection = await connectSsh(own.settings());
    const channel = await connection.exec('echo begun; sleep 600');
    channel.stderr.resume();
    channel.stdout.once('data', () => {
      signal(own.sessions(), 'SIGKILL');
    });
    expect(await channel.closed).toBeUndefined();
    expect(await connection.lost).toMatchObject({ kind: 'lost', host: 'server1' });
    await expect(connection.exec('true')).rejects.toMatchObject({ kind: 'lost' });
    await connection.close();
    await own.stop();
  });

  /** As in a real run, in a sixth of the time. */
  const patience = { ask: usualPatience.ask / 6, silence: usualPatience.silence / 6 };

  test('is noticed within 15 s when the host only falls silent', async () => {
    expect(usualPatience.silence + usualPatience.ask).toBeLessThanOrEqual(15);
    const own = await startSshd();
    const connection = await connectSsh(own.settings(), patience);
    const channel = await connection.exec('echo begun; sleep 600');
    channel.stderr.resume();
    await new Promise((resolve) => channel.stdout.once('data', resolve));
    const began = Date.now();
    signal(own.sessions(), 'SIGSTOP');
    expect(await channel.closed).toBeUndefined();
    expect((Date.now() - began) / 1000).toBeGreaterThan(patience.silence / 2);
    expect((await connection.lost).message).toContain('no sign of life for 2 s');
    await own.stop();
  });

  test('is not mistaken for one that is idle', async () => {
    const connection = await connectSsh(sshd.settings(), patience);
    await new Promise((resolve) => setTimeout(resolve, patience.silence * 1500));
    expect(await answer(connection, 'echo still here')).toBe('still here\n');
    await connection.close();
  });
});
