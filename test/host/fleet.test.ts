import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it, vi } from 'vitest';
import { Fleet, type FleetOptions } from '../../src/host/fleet.ts';
import { localConnection } from '../../src/host/local-connection.ts';
import { sh } from '../../src/host/sh.ts';

/** A fleet whose hosts are all this machine. */
function here(waiting: (host: string, owner: string) => void, given: Partial<FleetOptions> = {}): Fleet {
  return new Fleet({
    settings: (name) => ({
      name,
      connection: 'local',
      address: name,
      port: 22,
      user: 'root',
      identityFiles: [],
      identitiesOnly: true,
      knownHostsFiles: [],
      connectTimeout: 10,
    }),
    connect: async () => localConnection(),
    forks: 2,
    readOnly: false,
    owner: 'this run',
    output: () => {},
    waiting,
    ...given,
  });
}

it('waits for another run at work on the host, and says whose', async () => {
  mkdirSync('/var/lib/foobar', { recursive: true, mode: 0o700 });
  const script =
    'exec 9>>/var/lib/foobar/lock; flock 9; echo other@controller >/var/lib/foobar/lock; echo; read x';
  const other = spawn('sh', ['-c', script]);
  await once(other.stdout, 'data');

  const owners: string[] = [];
  const fleet = here((host, owner) => {
    owners.push(`${host}: ${owner}`);
    other.stdin.end('\n');
  });
  const host = fleet.host('here', { user: 'root' });
  const { stdout } = await host.look(sh`head -n 1 /var/lib/foobar/lock`);
  await fleet.close();
  expect(owners).toEqual(['here: other@controller']);
  expect(stdout).toBe('this run\n');
});

it('does not wait for itself where two names are one machine', async () => {
  const owners: string[] = [];
  const fleet = here((host) => owners.push(host));
  const answers = await Promise.all(
    ['one', 'two'].map((name) => fleet.host(name, { user: 'root' }).look(sh`echo ${name}`)),
  );
  await fleet.close();
  expect(answers.map(({ stdout }) => stdout)).toEqual(['one\n', 'two\n']);
  expect(owners).toEqual([]);
});

it('lets a run go first that began earlier, when each holds a host that the other waits for', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'foobar-locks-'));
  /** Hosts that have a /var/lib/foobar each. */
  const apart = (since: string, said: string[]) =>
    here((host, owner) => said.push(`${host}: ${owner}`), {
      owner: `someone since ${since}`,
      connect: async ({ name }) => {
        const own = join(folder, name);
        mkdirSync(own, { recursive: true });
        const local = localConnection();
        const mounted = sh`mount --bind ${own} /var/lib/foobar && exec sh -c "$1"`;
        return {
          ...local,
          exec: (command) => local.exec(sh`unshare -m sh -c ${mounted.text} sh ${command}`.text),
        };
      },
    });
  const work = async (fleet: Fleet) => {
    const hosts = ['one', 'two'].map((name) => fleet.host(name, { user: 'root' }));
    await Promise.all(hosts.map((host) => host.look(sh`true`)));
    const answers = await Promise.all(hosts.map((host) => host.run(sh`head -n 1 /var/lib/foobar/lock`)));
    return answers.map(({ stdout }) => stdout);
  };
  const [heardEarlier, heardLater]: [string[], string[]] = [[], []];
  const earlier = apart('2026-01-01T00:00:00.000Z', heardEarlier);
  const later = apart('2026-01-01T00:00:00.001Z', heardLater);
  await earlier.host('one', { user: 'root' }).look(sh`true`);
  await later.host('two', { user: 'root' }).look(sh`true`);

  const first = work(earlier);
  await vi.waitUntil(() => heardEarlier.length > 0, { timeout: 120_000, interval: 20 });
  const second = work(later);
  expect(await first).toEqual(Array(2).fill('someone since 2026-01-01T00:00:00.000Z\n'));
  await earlier.close();
  expect(await second).toEqual(Array(2).fill('someone since 2026-01-01T00:00:00.001Z\n'));
  await later.close();
  expect(heardEarlier).toEqual(['two: someone since 2026-01-01T00:00:00.001Z']);
  expect(heardLater[0]).toBe('one: someone since 2026-01-01T00:00:00.000Z');
  rmSync(folder, { recursive: true });
});
