import { setTimeout as sleep } from 'node:timers/promises';
import { expect, test } from 'vitest';
import { type Attempt, Door } from '../../src/host/door.ts';

const welcome: Attempt<string> = { outcome: () => 'in', wasTurnedAway: false };
const refusal: Attempt<string> = {
  outcome: () => {
    throw new Error('Not allowed at this time');
  },
  wasTurnedAway: true,
};

test('lets everybody log in at once where nobody is turned away', async () => {
  const door = new Door();
  let inside = 0;
  let most = 0;
  const attempt = async () => {
    most = Math.max(most, ++inside);
    await sleep(2);
    inside -= 1;
    return welcome;
  };
  await Promise.all(Array.from({ length: 100 }, () => door.admit(1, attempt)));
  expect(most).toBe(100);
});

test('lets fewer through once some were turned away, and everybody in the end', async () => {
  const door = new Door();
  let inside = 0;
  let refusals = 0;
  const attempt = async () => {
    if (inside >= 10) {
      refusals += 1;
      return refusal;
    }
    inside += 1;
    await sleep(20);
    inside -= 1;
    return welcome;
  };
  const all = await Promise.all(Array.from({ length: 200 }, () => door.admit(60, attempt)));
  expect(all).toEqual(Array.from({ length: 200 }, () => 'in'));
  // A hundred and ninety are refused together; from then on it asks for about as many as there is room for.
  expect(refusals).toBeLessThan(190 + 100);
});

test('gives up when refusals have taken their time', async () => {
  let tries = 0;
  const attempt = async () => {
    tries += 1;
    return refusal;
  };
  await expect(new Door().admit(3, attempt)).rejects.toThrow('Not allowed');
  // The pauses are at least 100, 200, 300, 400 and then 500 ms.
  expect(tries).toBeGreaterThan(1);
  expect(tries).toBeLessThan(12);
});

test('goes on after what fails otherwise', async () => {
  const door = new Door();
  await expect(door.admit(1, () => Promise.reject(new Error('no way')))).rejects.toThrow('no way');
  expect(await door.admit(1, async () => welcome)).toBe('in');
});
