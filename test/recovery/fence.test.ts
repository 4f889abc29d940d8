import { describe, expect, it } from 'vitest';
import { TransportError } from '../../src/errors.ts';
import type { Host } from '../../src/host/contract.ts';
import { Absent } from '../../src/recovery/fence.ts';
import type { DatabaseGroup } from '../../src/recovery/group.ts';

type Look = () => Promise<{ code: number; stdout: string; stderr: string }>;
const sees =
  (...targets: number[]): Look =>
  async () => ({ code: 0, stdout: targets.map((target) => `${target}\n`).join(''), stderr: '' });
const silent: Look = async () => {
  throw new TransportError('host', 'unreachable', 'no answer within 10 s');
};

/** db1 is away; what the other hosts see of it. */
function group(looks: Record<string, Look>, lease = 10): DatabaseGroup {
  const names = ['balancer1', 'db1', 'db2', 'db3'];
  return {
    members: names.slice(1).map((name) => ({ name, address: name })),
    port: 3306,
    socket: '/run/mysqld/mysqld.sock',
    lease,
    hosts: names.map((name) => ({ name, address: name, sshPort: 22 })),
    wish: () => {
      throw new Error('nothing is to replicate here');
    },
    host: (name) => ({ name, look: looks[name] ?? silent }) as unknown as Host,
  };
}

describe('an absent primary', () => {
  const all = { balancer1: sees(), db2: sees(), db3: sees() };

  it('is gone when every host looks and none reaches it', async () => {
    await expect(new Absent(group(all), ['db1'], []).look()).resolves.toBeUndefined();
  });

  it.each<[string, Record<string, Look>, RegExp]>([
    [
      'one reaches its MySQL',
      { ...all, balancer1: sees(0) },
      /^not dead, .*: balancer1 reaches db1 on port 3306$/,
    ],
    ['one reaches its SSH', { ...all, db2: sees(1) }, /db2 reaches db1 on port 22$/],
    ['the balancer cannot be asked', { ...all, balancer1: silent }, /^balancer1 cannot be asked: while/],
    [
      'one reaches it and another cannot be asked',
      { ...all, balancer1: silent, db3: sees(0) },
      /^not dead, .*: db3/,
    ],
  ])('is not known to be gone when %s', async (_case, looks, reason) => {
    await expect(new Absent(group(looks), ['db1'], []).look()).rejects.toThrow(reason);
  });

  it('is gone when the host that cannot be asked is lost by a person’s word', async () => {
    const looks = { ...all, balancer1: silent };
    await expect(new Absent(group(looks), ['db1'], ['balancer1']).look()).resolves.toBeUndefined();
  });

  it('is looked for on the port of MySQL only when it is lost', async () => {
    const found = new Absent(group({ ...all, balancer1: sees(0) }), [], ['db1']).look();
    await expect(found).rejects.toThrow(/balancer1 reaches db1 on port 3306$/);
  });

  it.each<[string, readonly string[], readonly string[], number, number]>([
    ['as long as its guard may take', ['db1'], [], 10, 24],
    ['longer when its lease is longer', ['db1'], [], 30, 41],
    ['when it is lost too', [], ['db1'], 10, 24],
    ['not at all for a host without a database', [], ['balancer1'], 10, 0],
  ])('is waited for: %s', (_case, names, lost, lease, seconds) => {
    expect(new Absent(group(all, lease), names, lost).wait).toBe(seconds);
  });
});
