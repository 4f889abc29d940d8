import { expect, test } from 'vitest';
import { Door } from '../../src/host/door.ts';

/** A server that takes some at a time and turns the others away at once. */
function server(room: number) {
  let inside = 0;
  let refusals = 0;
  return {
    refusals: () => refusals,
    async logIn(): Promise<boolean> {
      if (inside >= room) {
        refusals += 1;
        return false;
      }
      inside += 1;
      await new Promise((resolve) => setTimeout(resolve, 2));
      inside -= 1;
      return true;
    },
  };
}

test('lets everybody log in at once where nobody is turned away', async () => {
  const door = new Door();
  let inside = 0;
  let most = 0;
  const work = async () => {
    most = Math.max(most, ++inside);
    await new Promise((resolve) => setTimeout(resolve, 2));
    inside -= 1;
  };
  await Promise.all(Array.from({ length: 100 }, () => door.through(work, () => false)));
  expect(most).toBe(100);
});

test('lets fewer through once some were turned away, and everybody in the end', async () => {
  const door = new Door();
  const sshd = server(10);
  const enter = async () => {
    while (!(await door.through(sshd.logIn, (isIn) => !isIn))) await Promise.resolve();
  };
  await Promise.all(Array.from({ length: 200 }, enter));
  // The first hundred and ninety are refused together; from then on it asks for about as many as there is room for.
  expect(sshd.refusals()).toBeLessThan(190 + 60);
});

test('goes on after work that throws', async () => {
  const door = new Door();
  const fail = () =>
    door.through(
      () => Promise.reject(new Error('no way')),
      () => false,
    );
  await expect(fail()).rejects.toThrow('no way');
  expect(
    await door.through(
      async () => 'in',
      () => false,
    ),
  ).toBe('in');
});
