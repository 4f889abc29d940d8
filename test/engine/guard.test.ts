import { describe, expect, it } from 'vitest';
import { Guard } from '../../src/engine/guard.ts';
import { TransportError } from '../../src/errors.ts';
import type { Afresh } from '../../src/host/afresh.ts';
import type { Fleet } from '../../src/host/fleet.ts';

/** A guard of a host whose new connections answer so, one after the other. */
function guardOf(...answers: (() => Promise<Afresh>)[]) {
  const asked: string[] = [];
  const host = {
    run: async () => {
      asked.push('arm');
      return { code: 0, stdout: '', stderr: '' };
    },
    inMode: () => host,
  };
  const fleet = {
    owner: 'we',
    settings: () => ({ user: 'admin' }),
    host: () => host,
    beside: () => new Promise(() => {}),
    afresh: () => {
      asked.push('ask');
      return answers.shift()?.();
    },
    renew: () => {},
  };
  return { guard: new Guard(fleet as unknown as Fleet, 'server1'), asked };
}

const danger = {
  ...{ identity: { user: 'root' }, way: {}, ways: ['ssh'] as const, title: 'a change', timeout: 2 },
  warn: () => {},
};
const waiting = { say: () => {}, signal: new AbortController().signal };
const answer = (code: number | undefined, stdout = 'confirm\n') => ({ code, stdout, stderr: '' });

describe('a guarded change', () => {
  it('is confirmed over a new connection', async () => {
    const { guard } = guardOf(async () => answer(0));
    const user = {};
    await guard.arm(user, danger);
    expect(await guard.finish(user, 'confirm', waiting)).toEqual({ kind: 'confirmed' });
  });

  it('is not said to be put back when only the answer was lost', async () => {
    const { guard } = guardOf(
      async () => answer(undefined, ''),
      async () => answer(3),
    );
    const user = {};
    await guard.arm(user, danger);
    const end = await guard.finish(user, 'confirm', waiting);
    expect(end).toMatchObject({ kind: 'unknown', why: expect.stringContaining('lost before the answer') });
  });

  it('is left to the host by who is interrupted', async () => {
    const { guard } = guardOf(() =>
      Promise.reject(new TransportError('server1', 'unreachable', 'no way', '')),
    );
    const user = {};
    await guard.arm(user, danger);
    const end = await guard.finish(user, 'confirm', { ...waiting, signal: AbortSignal.abort() });
    expect(end).toMatchObject({ kind: 'unknown', why: expect.stringContaining('within 2 s: no way') });
  });

  it('waits until another one is confirmed', async () => {
    let confirm = (_answer: Afresh): void => {};
    const { guard, asked } = guardOf(() => new Promise((resolve) => (confirm = resolve)));
    const [one, other] = [{}, {}];
    await guard.arm(one, danger);
    const ended = guard.finish(one, 'confirm', waiting);
    const armed = guard.arm(other, danger);
    await new Promise(setImmediate);
    expect(asked).toEqual(['arm', 'ask']);
    confirm(answer(0));
    await Promise.all([ended, armed]);
    expect(asked).toEqual(['arm', 'ask', 'arm']);
    guard.abandon();
  });
});
