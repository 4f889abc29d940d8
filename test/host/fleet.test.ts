import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync } from 'node:fs';
import { expect, it } from 'vitest';
import { Fleet } from '../../src/host/fleet.ts';
import { localConnection } from '../../src/host/local-connection.ts';
import { sh } from '../../src/host/sh.ts';

/** A fleet whose hosts are all this machine. */
function here(waiting: (host: string, owner: string) => void): Fleet {
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
  const { stdout } = await host.look(sh`cat /var/lib/foobar/lock`);
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
