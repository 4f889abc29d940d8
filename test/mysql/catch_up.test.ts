import { describe, expect, it } from 'vitest';
import type { Channel, ServerStatus } from '../../src/host/queries/mysql_server.ts';
import { catchUp } from '../../src/mysql/catch_up.ts';
import { channelTo, replica, uuid } from './servers.ts';

const at = (last: number, channel: Partial<Channel> = {}): ServerStatus =>
  replica(2, 1, { executed: `${uuid(1)}:1-${last}`, channels: [channelTo(1, channel)] }).server;

/** Looks at the states one after the other; the last stays. */
async function wait(states: readonly ServerStatus[], options: { patience?: number; ready?: boolean } = {}) {
  const said: string[] = [];
  let looks = 0;
  await catchUp({
    name: 'db2',
    target: `${uuid(1)}:1-100`,
    read: async () => states[Math.min(looks++, states.length - 1)]!,
    ready: () => options.ready ?? true,
    say: (line) => said.push(line),
    patience: options.patience ?? 10,
    interval: 0.001,
  });
  return { said, looks };
}

describe('a replica that catches up', () => {
  it('is done when it has everything and both threads run', async () => {
    const states = [at(40), at(60), at(60), at(100, { receiver: 'CONNECTING' }), at(100)];
    expect(await wait(states)).toEqual({ said: ['db2 is 40 transactions behind'], looks: 5 });
  });

  it('may have more than what was asked for', async () => {
    expect(await wait([at(120)])).toEqual({ said: [], looks: 1 });
  });

  it.each([
    [
      'a stopped applier',
      [at(40, { applier: 'OFF', applierError: 'Error 1062' })],
      /applier of db2 has stopped: Error 1062/,
    ],
    [
      'a stopped receiver',
      [at(40, { receiver: 'OFF', receiverError: 'Error 13114' })],
      /receiver of db2 has stopped/,
    ],
    ['no progress', [at(40)], /no progress for .*60 transactions behind/],
    ['a source that is gone', [replica(2, 1, { channels: [] }).server], /lost its replication source/],
  ])('fails with the reason: %s', async (_case, states, message) => {
    await expect(wait(states, { patience: 0.05 })).rejects.toThrow(message);
  });

  it('fails with the reason: not ready though caught up', async () => {
    await expect(wait([at(100)], { patience: 0.05, ready: false })).rejects.toThrow(/no progress/);
  });

  it('fails with the reason: cannot connect', async () => {
    const states = [at(40, { receiver: 'CONNECTING', receiverError: 'certificate verify failed' })];
    await expect(wait(states, { patience: 0.05 })).rejects.toThrow(/cannot connect.*verify failed/);
  });
});
