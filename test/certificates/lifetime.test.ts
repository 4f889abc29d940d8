import { describe, expect, it } from 'vitest';
import { formatSpan, formatTime, lifetimeUsed, renewalDue } from '../../src/certificates/lifetime.ts';

const start = new Date('2027-01-01T00:00:00Z');
const hours = (count: number) => new Date(start.getTime() + count * 3_600_000);
const lasting = (days: number) => ({ notBefore: start, notAfter: hours(days * 24) });

describe('renewalDue', () => {
  it.each([
    [90, 2 / 3, 60 * 24],
    [64, 2 / 3, 64 * 16],
    [45, 2 / 3, 30 * 24],
    [6, 2 / 3, 4 * 24],
    [90, 0.5, 45 * 24],
  ])('a certificate of %i days renewed at %f of its lifetime is due after %i hours', (days, renewAt, due) => {
    expect(renewalDue(lasting(days), renewAt)).toEqual(hours(due));
  });
});

describe('lifetimeUsed', () => {
  it.each([
    [45, 0, 0],
    [45, 45 * 12, 0.5],
    [64, 64 * 24, 1],
    [90, 91 * 24, 91 / 90],
    [90, -24, -1 / 90],
  ])('of %i days after %i hours is %f', (days, after, used) => {
    expect(lifetimeUsed(lasting(days), hours(after))).toBeCloseTo(used, 10);
  });

  it('counts a certificate without a lifetime as over', () => {
    expect(lifetimeUsed({ notBefore: start, notAfter: start }, start)).toBe(Number.POSITIVE_INFINITY);
  });
});

it.each([
  [0, '0 s'],
  [500, '1 s'],
  [40_000, '40 s'],
  [3_960_000, '1 h 6 min'],
  [7_200_000, '2 h'],
  [3_605_000, '1 h'],
  [273_600_000, '3 d 4 h'],
])('formatSpan(%i) is %s', (milliseconds, text) => expect(formatSpan(milliseconds)).toBe(text));

it('formats times in UTC', () => expect(formatTime(hours(4))).toBe('2027-01-01 04:00 UTC'));
