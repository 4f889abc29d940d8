import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync } from 'node:fs';
import { expect, it } from 'vitest';
import { Fleet } from '../../src/host/fleet.ts';
import { localConnection } from '../../src/host/local-connection.ts';
import { sh } from '../../src/host/sh.ts';

it('waits for another run at work on the host, and says whose', async () => {
  mkdirSync('/var/lib/foobar', { recursive: true, mode: 0o700 });
  const script =
    'exec 9>>/var/lib/foobar/lock; flock 9; echo other@controller >/var/lib/foobar/lock; echo; read x';
  const other = spawn('sh', ['-c', script]);
  await once(other.stdout, 'data');

  const owners: string[] = [];
  const fleet = new Fleet({
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
    forks: 1,
    readOnly: false,
    owner: 'this run',
    output: () => {},
    waiting: (host, owner) => {
      owners.push(`${host}: ${owner}`);
      other.stdin.end('\n');
    },
  });
  const host = fleet.host('here', { user: 'root' });
  const { stdout } = await host.look(sh`cat /var/lib/foobar/lock`);
  await fleet.close();
  expect(owners).toEqual(['here: other@controller']);
  expect(stdout).toBe('this run\n');
});
