import { writeFileSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Fleet } from '../../src/host/fleet.ts';
import { localConnection } from '../../src/host/local-connection.ts';
import { sh } from '../../src/host/sh.ts';
import type { StateModule } from '../../src/modules/contract.ts';
import { loadModule } from '../../src/modules/registry.ts';
import { Bench } from './harness.ts';

let bench: Bench;
let fleet: Fleet;
const frames: string[] = [];

beforeAll(async () => {
  bench = await Bench.open();
  fleet = new Fleet({
    settings: (name) => ({
      name,
      connection: 'local',
      address: 'localhost',
      port: 0,
      user: 'login',
      identityFiles: [],
      identitiesOnly: true,
      knownHostsFiles: [],
      connectTimeout: 10,
    }),
    connect: async () => {
      const connection = localConnection();
      return {
        ...connection,
        async exec(command) {
          const channel = await connection.exec(command);
          const write = channel.stdin.write.bind(channel.stdin);
          channel.stdin.write = ((chunk: Buffer | string) => {
            frames.push(String(chunk));
            return write(chunk);
          }) as typeof channel.stdin.write;
          return channel;
        },
      };
    },
    forks: 1,
    readOnly: true,
    owner: 'test',
    output: () => {},
  });
});
afterAll(async () => {
  await fleet.close();
  await bench.close();
});

describe('settled tasks', () => {
  it('are looked at together in one round trip, with one process for each kind of question', async () => {
    const tasks: [string, Record<string, unknown>][] = [];
    for (let index = 0; index < 20; index += 1) {
      writeFileSync(bench.at(`copied${index}`), 'x', { mode: 0o644 });
      tasks.push([
        'copy',
        { dest: bench.at(`copied${index}`), content: 'x', mode: '0644', owner: process.getuid!() },
      ]);
    }
    writeFileSync(bench.at('t.j2'), 'x\n');
    writeFileSync(bench.at('t'), 'x\n');
    writeFileSync(bench.at('lines'), 'a\nb\n');
    tasks.push(
      ['template', { src: 't.j2', dest: bench.at('t') }],
      ['copy', { src: 't.j2', dest: bench.at('t') }],
      ['lineinfile', { path: bench.at('lines'), line: 'b' }],
      ['file', { path: bench.folder, state: 'directory' }],
      ['file', { path: bench.at('none'), state: 'absent' }],
      [
        'sysctl',
        {
          name: 'kernel.no_such',
          value: 1,
          ignoreerrors: true,
          state: 'absent',
          sysctl_file: bench.at('no'),
        },
      ],
    );
    const host = fleet.host('localhost', 'login');
    await host.look(sh`:`);
    frames.length = 0;
    const found = await Promise.all(
      tasks.map(async ([name, args]) => {
        const module = (await loadModule(name)) as StateModule<unknown, unknown>;
        return { module, want: module.params.parse(args) };
      }),
    );
    const differences = await Promise.all(
      found.map(async ({ module, want }) =>
        module.diff(want, await module.have(want, host, bench.context(true))),
      ),
    );
    expect(differences.flat()).toEqual([]);
    expect(frames.length).toBe(1);
    expect(frames[0]!.match(/\bsha256sum /g)?.length).toBe(1);
    expect(frames[0]!.match(/\bcat -- /g)?.length).toBe(1);
    // For links and for what they point to, and for the sizes of contents.
    expect(frames[0]!.match(/\bstat (-L )?--printf/g)!.length).toBeLessThanOrEqual(3);
  });
});
