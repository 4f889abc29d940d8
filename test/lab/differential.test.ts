/**
 * The same playbooks (test/differential/), run by ansible-playbook and by foobar on twin hosts: task by task the
 * same end, and then the same files, packages, services and accounts. First in check mode, then for real, then again.
 *
 * While writing a playbook or mending a module:
 *
 *     DIFFERENTIAL=03,14 npx vitest run --project lab-apart test/lab/differential.test.ts
 *
 * runs these playbooks only (parts of their names), writes what differs to .foobar/standing/differential/NAME.txt,
 * and leaves the twins standing for the next try. They are as the last try left them;
 * `foobar lab down .foobar/standing/differential.yaml` throws them away.
 */
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type Compared, compare, type Phase, phases } from './differential/compare.ts';
import { playbooks } from './differential/project.ts';
import { chosen, fleet, prepare, singles, twinLab } from './differential/twins.ts';

const wanted = playbooks().filter(
  ({ name }) => !chosen || chosen.split(',').some((part) => name.includes(part)),
);
const lab = twinLab();
type Outcome = Readonly<Record<Phase, Compared>>;
const outcomes = new Map<string, Promise<Outcome>>();

/** Each pair of twins, and the fleet's as one, takes playbook after playbook, all side by side. */
function begin(): void {
  const places = [fleet, ...singles.map((twins) => [twins])].map((twins) => ({
    twins,
    ready: Promise.resolve<unknown>(undefined),
  }));
  const [together, ...apart] = places;
  let next = 0;
  for (const playbook of wanted) {
    const place = playbook.fleet ? together! : apart[next++ % apart.length]!;
    const outcome = place.ready.then(() => compare(lab, playbook.name, place.twins));
    place.ready = outcome.catch(() => undefined);
    outcomes.set(playbook.name, outcome);
  }
}

beforeAll(async () => {
  if (!chosen) await lab.down();
  await prepare(lab);
  begin();
});
afterAll(async () => {
  await Promise.allSettled(outcomes.values());
  if (!chosen) await lab.down();
});

describe.each(wanted)('$name', ({ name }) => {
  test.each(phases)('%s', async (phase) => {
    const { differences } = (await outcomes.get(name)!)[phase];
    if (differences) expect.fail(`${name}, ${phase}:\n${differences}`);
  });
});

test.runIf(!chosen)('these are at least 300 tasks', async () => {
  const all = await Promise.all(outcomes.values());
  expect(all.reduce((sum, outcome) => sum + outcome['first run'].tasks, 0)).toBeGreaterThanOrEqual(300);
});
