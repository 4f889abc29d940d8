import { setTimeout as sleep } from 'node:timers/promises';
import { expect, it } from 'vitest';
import { inTurn } from '../../src/state/turns.ts';

it('runs one after the other for one name, beside each other for two', async () => {
  const seen: string[] = [];
  const work = (name: string, milliseconds: number) => async () => {
    seen.push(`${name} begins`);
    await sleep(milliseconds);
    seen.push(`${name} ends`);
  };
  await Promise.all([inTurn('a', work('a1', 20)), inTurn('a', work('a2', 1)), inTurn('b', work('b', 1))]);
  expect(seen).toEqual(['a1 begins', 'b begins', 'b ends', 'a1 ends', 'a2 begins', 'a2 ends']);
});

it('goes on after a failure and gives it to the one who asked', async () => {
  const failing = inTurn('c', async () => {
    throw new Error('no');
  });
  const next = inTurn('c', async () => 'yes');
  await expect(failing).rejects.toThrow('no');
  expect(await next).toBe('yes');
});
