import { copyFileSync } from 'node:fs';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { TaskFailure } from '../../src/errors.ts';
import { usualPatience } from '../../src/host/socket.ts';
import { connectSsh } from '../../src/host/ssh.ts';
import { algorithmsOf, offered } from '../../src/host/ssh-algorithms.ts';
import { SshOptions } from '../../src/host/ssh-options.ts';
import { makeKey, startSshd, type TestSshd } from './sshd.ts';

let sshd: TestSshd;
beforeAll(async () => {
  sshd = await startSshd('ed25519', ['MaxSessions 1', 'MaxStartups 3:100:3']);
});
afterAll(() => sshd.stop());

describe('an encrypted key', () => {
  it('is opened with a passphrase that is asked for once for all hosts', async () => {
    const locked = makeKey(sshd.directory, 'locked', 'ed25519', 'open-Sesame');
    copyFileSync(`${locked}.pub`, join(sshd.directory, 'authorized_keys'));
    const asked: string[] = [];
    const ask = async (question: string) => {
      asked.push(question);
      return asked.length === 1 ? 'wrong' : 'open-Sesame';
    };
    const settings = sshd.settings({ identityFiles: [locked] });
    const connections = await Promise.all([1, 2, 3].map(() => connectSsh(settings, usualPatience, ask)));
    await Promise.all(connections.map((connection) => connection.close()));
    expect(asked).toEqual([`Passphrase for ${locked}: `, `That was not it. Passphrase for ${locked}: `]);
    copyFileSync(`${sshd.userKey}.pub`, join(sshd.directory, 'authorized_keys'));
  });

  it('stays closed when the question is not answered, which is asked once', async () => {
    const locked = makeKey(sshd.directory, 'locked3', 'ed25519', 'open-Sesame');
    let asked = 0;
    const ask = async () => {
      asked += 1;
      throw new TaskFailure('stopped: the question was not answered');
    };
    const settings = sshd.settings({ identityFiles: [locked] });
    for (const _host of [1, 2])
      await expect(connectSsh(settings, usualPatience, ask)).rejects.toMatchObject({
        kind: 'authentication',
        message: expect.stringContaining(`${locked} (is encrypted and not in the agent: ssh-add ${locked})`),
      });
    expect(asked).toBe(1);
  });

  it('is opened with the passphrase of the variables, and names the file where that is wrong', async () => {
    const locked = makeKey(sshd.directory, 'locked2', 'ed25519', 'open-Sesame');
    copyFileSync(`${locked}.pub`, join(sshd.directory, 'authorized_keys'));
    const settings = sshd.settings({ identityFiles: [locked], passphrase: 'open-Sesame' });
    await (await connectSsh(settings)).close();
    await expect(connectSsh({ ...settings, passphrase: 'not-it' })).rejects.toMatchObject({
      kind: 'authentication',
      message: expect.stringContaining(`${locked} (is encrypted, and ansible_ssh_private_key_passphrase`),
    });
    copyFileSync(`${sshd.userKey}.pub`, join(sshd.directory, 'authorized_keys'));
  });
});

describe('a server with few places', () => {
  it('that allows one session (MaxSessions) is logged in to again for the second program', async () => {
    const connection = await connectSsh(sshd.settings());
    const shell = await connection.exec('cat');
    const second = await connection.exec('echo second');
    expect(await text(second.stdout)).toBe('second\n');
    shell.stdin.end('first');
    expect(await text(shell.stdout)).toBe('first');
    await connection.close();
  });

  it('that lets three log in at once (MaxStartups) lets all in, one after the other', async () => {
    const connections = await Promise.all(Array.from({ length: 12 }, () => connectSsh(sshd.settings())));
    expect(connections).toHaveLength(12);
    await Promise.all(connections.map((connection) => connection.close()));
  });
});

describe('algorithms', () => {
  const options = (name: string, value: string) => {
    const set = new SshOptions();
    set.set(name, [value]);
    return algorithmsOf(set);
  };

  it('are modern ones only, unless the configuration of ssh adds others', () => {
    const usual = offered({}, ['ssh-ed25519']);
    expect(JSON.stringify(usual)).not.toMatch(/sha1|md5|cbc|"ssh-rsa"|ssh-dss/);
    expect(options('KexAlgorithms', '+diffie-hellman-group14-sha1').algorithms?.kex?.at(-1)).toBe(
      'diffie-hellman-group14-sha1',
    );
    expect(options('Ciphers', '-aes*-ctr').algorithms?.ciphers).toHaveLength(3);
    expect(options('MACs', '^hmac-sha2-512').algorithms?.macs?.[0]).toBe('hmac-sha2-512');
    expect(options('HostKeyAlgorithms', 'ssh-ed25519,unknown').hostKeyAlgorithms).toEqual(['ssh-ed25519']);
    expect(() => options('HostKeyAlgorithms', 'ssh-rsa')).toThrow('leaves none that foobar has');
  });

  it('are those that were chosen', async () => {
    const chosen = { ciphers: ['aes256-ctr'], macs: ['hmac-sha2-512'], kex: ['ecdh-sha2-nistp384'] };
    await (await connectSsh(sshd.settings({ algorithms: chosen }))).close();
    const none = sshd.settings({ algorithms: { signatures: ['rsa-sha2-512'] } });
    await expect(connectSsh(none)).rejects.toMatchObject({ kind: 'authentication' });
  });
});
