import { describe, expect, it } from 'vitest';
import { problemOf, retryAfter } from '../../src/certificates/acme-error.ts';

const now = new Date('2026-11-23T04:00:00Z');

describe('retryAfter', () => {
  it.each([
    ['60', '2026-11-23T04:01:00.000Z'],
    ['0', '2026-11-23T04:00:00.000Z'],
    ['Mon, 23 Nov 2026 05:00:00 GMT', '2026-11-23T05:00:00.000Z'],
    ['soon', undefined],
    ['', undefined],
    [undefined, undefined],
  ])('%s', (header, time) => expect(retryAfter(header, now)?.toISOString()).toBe(time));
});

describe('problemOf', () => {
  const answer = (status: number, data: unknown, headers = {}) =>
    problemOf({ status, data, headers }, 'acme.example', now);
  it.each([
    [
      answer(403, { type: 'urn:ietf:params:acme:error:unauthorized', detail: 'no' }),
      'unauthorized',
      'acme.example refuses with status 403 (unauthorized): no',
    ],
    [
      answer(400, {
        type: 'urn:ietf:params:acme:error:rejectedIdentifier',
        detail: 'bad names',
        subproblems: [{ identifier: { type: 'dns', value: 'a.example' }, detail: 'forbidden' }],
      }),
      'rejectedIdentifier',
      'acme.example refuses with status 400 (rejectedIdentifier): bad names; a.example: forbidden',
    ],
    [
      answer(429, '{"type":"urn:ietf:params:acme:error:rateLimited","detail":"much"}', {
        'retry-after': '3600',
      }),
      'rateLimited',
      'acme.example limits the rate of requests: much; try again after 2026-11-23 05:00 UTC (in 1 h)',
    ],
    [answer(502, '<html>'), '', 'acme.example fails with status 502: <html>'],
    [answer(404, undefined), '', 'acme.example refuses with status 404'],
    [answer(400, null), '', 'acme.example refuses with status 400'],
  ])('%#', (error, type, message) => {
    expect(error.type).toBe(type);
    expect(error.message).toBe(message);
  });

  it('knows what is gone', () => {
    expect(answer(404, undefined).isGone).toBe(true);
    expect(answer(400, { type: 'urn:ietf:params:acme:error:accountDoesNotExist' }).isGone).toBe(true);
    expect(answer(500, undefined).isGone).toBe(false);
  });
});
