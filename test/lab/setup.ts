import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { program } from './program.ts';
import { copyInventory, labOf } from './support.ts';

const undertaker = `
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { labOf, testFolder } from './support.ts';

for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.on(signal, () => undefined);
process.stdin.resume().once('end', async () => {
  for (const name of readdirSync(testFolder).filter((name) => name.endsWith('.yaml')))
    await labOf(join(testFolder, name)).down();
});
`;

/**
 * Four bare hosts for all lab tests, new in every run. A process of its own takes all of the tests' labs down
 * when this one ends, however it ends.
 */
export default async function setup(): Promise<() => Promise<void>> {
  const lab = labOf(copyInventory('lab', 'shared'), (line) => process.stdout.write(`lab: ${line}\n`));
  const script = await program('undertaker', undertaker);
  const child = spawn(process.execPath, [script], { stdio: ['pipe', 'inherit', 'inherit'], detached: true });
  const end = async (): Promise<void> => {
    child.stdin.end();
    await once(child, 'exit');
  };
  try {
    await lab.down();
    await lab.up();
  } catch (error) {
    await end();
    throw error;
  }
  return end;
}
