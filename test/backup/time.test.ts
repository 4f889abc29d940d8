import { afterEach, describe, expect, it } from 'vitest';
import { formatInstant, formatLocally, parseInstant } from '../../src/backup/time.ts';

const zone = process.env.TZ;
afterEach(() => {
  if (zone === undefined) delete process.env.TZ;
  else process.env.TZ = zone;
});

describe('an instant', () => {
  it.each([
    ['2026-11-23T14:05:10Z', '2026-11-23 14:05:10 UTC'],
    ['2026-11-23T14:05:10+01:00', '2026-11-23 13:05:10 UTC'],
    ['2026-11-23 14:05:10-0530', '2026-11-23 19:35:10 UTC'],
    ['2026-11-23t14:05:10.25z', '2026-11-23 14:05:10.25 UTC'],
    ['2026-11-23 14:05:10.123456789Z', '2026-11-23 14:05:10.123456 UTC'],
    ['2026-11-23 14:05Z', '2026-11-23 14:05:00 UTC'],
    ['2024-02-29Z', '2024-02-29 00:00:00 UTC'],
  ])('%s is %s', (text, utc) => {
    expect(formatInstant(parseInstant(text))).toBe(utc);
  });

  it('without a zone is in the zone of this machine, which is named', () => {
    process.env.TZ = 'Europe/Berlin';
    const summer = parseInstant('2026-07-01 14:05:10');
    expect(formatInstant(summer)).toBe('2026-07-01 12:05:10 UTC');
    expect(formatLocally(summer)).toBe('2026-07-01 14:05:10 +02:00 (Europe/Berlin)');
    expect(() => parseInstant('2026-03-29 02:30:00')).toThrow('no such time');
  });

  it.each([
    '',
    'now',
    '14:05',
    '2026-13-01',
    '2026-02-30 10:00Z',
    '2026-11-23 24:00Z',
    '23.11.2026',
    '2026-11-23 14:61Z',
  ])('%j is none', (text) => {
    expect(() => parseInstant(text)).toThrow('is no time');
  });
});
