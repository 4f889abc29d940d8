import { describe, expect, it } from 'vitest';
import type { Member } from '../../src/mysql/cluster.ts';
import { mayBeLost } from '../../src/mysql/loss.ts';
import { channelTo, replica } from './servers.ts';

/** A replica of db1 that cannot reach it any more. */
const orphan = (number: number, change = {}) =>
  replica(number, 1, { channels: [channelTo(1, { receiver: 'CONNECTING' })], ...change });

describe('a forced promotion', () => {
  it.each<[string, readonly Member[], number, RegExp]>([
    [
      'all survivors acknowledge',
      [orphan(2), orphan(3)],
      3,
      /^nothing that was acknowledged while semi-sync was in force; .* 2026-11-23 12:00:00/,
    ],
    [
      'one of them is missing',
      [orphan(2)],
      3,
      /^what the old primary acknowledged after 2026-11-23 12:00:00 and only servers have/,
    ],
    ['none acknowledges', [orphan(2, { semiSync: {} })], 2, /no semi-sync/],
  ])('tells what may be lost: %s', (_case, survivors, group, text) => {
    expect(mayBeLost(survivors, group)).toMatch(text);
  });
});
