import { spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { createServer } from 'node:net';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { HostReader } from '../../src/host/contract.ts';
import type { Command } from '../../src/host/sh.ts';
import {
  addressTowards,
  answersAt,
  probeFrom,
  probeFromHere,
  readListeners,
  readProbes,
} from '../../src/verify/network-probe.ts';

const server = createServer();
const closed = createServer();
let open = 0;
let refused = 0;

const listens = async (each: typeof server): Promise<number> => {
  each.listen(0, '127.0.0.1');
  await once(each, 'listening');
  return (each.address() as { port: number }).port;
};

beforeAll(async () => {
  open = await listens(server);
  refused = await listens(closed);
  closed.close();
  await once(closed, 'close');
});
afterAll(() => void server.close());

/** This machine's own shell, as a host's. */
const here = {
  look: async (command: Command, { stdin }: { stdin: string }) => {
    const { status, stdout, stderr } = spawnSync('sh', ['-c', command.text], {
      input: stdin,
      encoding: 'utf8',
    });
    return { code: status ?? 0, stdout, stderr };
  },
} as unknown as HostReader;

describe('probeFrom', () => {
  it('tells open from refused', async () => {
    const targets = [open, refused].map((port) => ({ address: '127.0.0.1', port }));
    expect(await probeFrom(here, targets)).toEqual(['open', 'refused']);
  });

  it('tries many more than at once', async () => {
    const targets = Array.from({ length: 260 }, () => ({ address: '127.0.0.1', port: open }));
    expect(new Set(await probeFrom(here, targets))).toEqual(new Set(['open']));
  });
});

describe('probeFromHere', () => {
  it('tells open from refused', async () => {
    const targets = [open, refused].map((port) => ({ address: '127.0.0.1', port }));
    expect(await probeFromHere(targets)).toEqual(['open', 'refused']);
  });
});

describe('readProbes', () => {
  const targets = [
    { address: '192.0.2.1', port: 80 },
    { address: '192.0.2.1', port: 81 },
    { address: '2001:db8::1', port: 80 },
  ];

  it('takes no answer for filtered', () => {
    const stdout = 'asked 3\n2001:db8::1 80 Network is unreachable\n192.0.2.1 80 open\n';
    expect(readProbes({ stdout, stderr: '' }, targets)).toEqual(['open', 'filtered', 'no way']);
  });

  it('takes no silence of the host for an answer', () => {
    expect(() => readProbes({ stdout: '', stderr: 'sh: bash: not found\n' }, targets)).toThrow(
      'connections could not be tried: sh: bash: not found',
    );
    expect(() =>
      readProbes({ stdout: 'asked 3\n192.0.2.1 81 Resource temporarily unavailable\n', stderr: '' }, targets),
    ).toThrow('192.0.2.1 port 81 could not be tried: Resource temporarily unavailable');
  });
});

describe('readListeners', () => {
  const text = `tcp   LISTEN 0      4096                       127.0.0.1:3000       0.0.0.0:*
tcp   LISTEN 0      128                           [::]:22            [::]:*
tcp   LISTEN 0      511                              *:9100             *:*
udp   UNCONN 0      0                   127.0.0.53%lo:53        0.0.0.0:*
udp   UNCONN 0      0            [fe80::1:2]%host0:546          [::]:*
tcp   LISTEN 0      70              [::ffff:127.0.0.1]:33060            *:*
`;
  const listeners = readListeners(text);

  it('reads addresses of both families and ports', () => {
    expect(listeners.map(({ protocol, address, port }) => `${protocol} ${address} ${port}`)).toEqual([
      'tcp 127.0.0.1 3000',
      'tcp :: 22',
      'tcp * 9100',
      'udp 127.0.0.53 53',
      'udp fe80::1:2 546',
      'tcp ::ffff:127.0.0.1 33060',
    ]);
  });

  it('knows at which addresses they answer', () => {
    const at = (address: string) =>
      listeners.filter((listener) => answersAt(listener, address)).map(({ port }) => port);
    expect(at('192.0.2.1')).toEqual([9100]);
    expect(at('2001:db8::1')).toEqual([22, 9100]);
  });
});

describe('addressTowards', () => {
  it('is the own address of the way', async () => {
    expect(await addressTowards('127.0.0.1')).toBe('127.0.0.1');
  });
});
