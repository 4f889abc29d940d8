import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { resolve } from 'node:path';
import type { TestProject } from 'vitest/node';
import { program } from './program.ts';
import { copyInventory, labOf } from './support.ts';

const undertaker = `
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { locked } from '../../src/lab/lock.ts';
import { labOf, testFolder } from './support.ts';

for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.on(signal, () => undefined);
process.stdout.on('error', () => undefined);
const waiting = () => process.stderr.write('waiting for another run of the lab tests\\n');
await locked(join(testFolder, 'lock'), waiting, async () => {
  const ended = new Promise((resolve) => process.stdin.resume().once('end', resolve));
  process.stdout.write('ready\\n');
  await ended;
  for (const name of readdirSync(testFolder).filter((name) => name.endsWith('.yaml')))
    await labOf(join(testFolder, name)).down();
});
`;

/**
 * For the project `lab` four bare hosts, new in every run. A process of its own takes all labs of the project's tests
 * down when this one ends, however it ends; until then no other run of the project starts in this folder.
 * Playbooks named for test/lab/differential.test.ts want none of that: they have hosts of their own that stay.
 */
export default async function setup({
  name,
  config,
}: TestProject): Promise<(() => Promise<void>) | undefined> {
  if (process.env.DIFFERENTIAL) return undefined;
  const env = { ...process.env, ...config.env };
  const folder = resolve('.foobar', env.FOOBAR_TEST_FOLDER ?? 'test');
  const script = await program('undertaker', undertaker, folder);
  const child = spawn(process.execPath, [script], {
    stdio: ['pipe', 'pipe', 'inherit'],
    detached: true,
    env,
  });
  const end = async (): Promise<void> => {
    child.stdin.end();
    await once(child, 'exit');
  };
  await once(child.stdout, 'data');
  if (name !== 'lab') return end;
  const lab = labOf(copyInventory('lab', 'shared'), (line) => process.stdout.write(`lab: ${line}\n`));
  try {
    await lab.anew();
  } catch (error) {
    await end();
    throw error;
  }
  return end;
}
