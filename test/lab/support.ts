import { createHash } from 'node:crypto';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { labPlan } from '../../src/commands/lab.ts';
import { loadInventory } from '../../src/inventory/load.ts';
import type { Say } from '../../src/lab/contract.ts';
import * as library from '../../src/lab/lab.ts';

/** Tests' inventories and their state: the same folder in every run, so that a run finds what a killed one left. */
export const testFolder = resolve('.foobar/test');

/** A copy of a shipped inventory under another name and in another network than the developer's own labs. */
export function copyInventory(
  from: 'lab' | 'split',
  to: string,
  edit = (text: string): string => text,
): string {
  const hash = createHash('sha256').update(join(testFolder, to)).digest();
  const octet = 20 + (hash[0]! % 220);
  const text = readFileSync(`inventory/${from}.yaml`, 'utf8')
    .replace(/198\.18\.[01]\./g, `198.18.${octet}.`)
    .replace(/fd00:198:1[89]:/g, `fd00:198:f${octet}:`)
    .replaceAll(`/.foobar/${from}/`, `/.foobar/${to}/`);
  mkdirSync(testFolder, { recursive: true });
  const file = join(testFolder, `${to}.yaml`);
  writeFileSync(file, edit(text));
  return file;
}

/** A lab to ask and to break. */
export function labOf(inventory: string, say: Say = () => undefined) {
  const plan = labPlan(loadInventory(inventory));
  return {
    inventory,
    plan,
    /** Client key, known_hosts, roots. */
    directory: plan.directory,
    address: (host: string) => plan.hosts.find(({ name }) => name === host)?.address ?? '',
    up: () => library.up(plan, say),
    down: () => library.down(plan, say),
    status: async () =>
      Object.fromEntries((await library.status(plan)).map(({ host, state }) => [host.name, state])),
    /** Runs a shell script on a host, past its network. */
    exec: (host: string, script: string, input?: string) =>
      library.exec(plan, host, ['sh', '-c', script], input),
    /** The same, for its stdout; fails unless the script ends with 0. */
    ask: async (host: string, script: string): Promise<string> => {
      const { code, stdout, stderr } = await library.exec(plan, host, ['sh', '-c', script]);
      if (code !== 0) throw new Error(`${host}: ${script}: exit code ${code}\n${stderr}`);
      return stdout.trim();
    },
    destroy: (host: string) => library.destroy(plan, host, say),
    stop: (host: string, options?: { hard?: boolean }) => library.stop(plan, host, say, options),
    start: (host: string, options?: { keepKnownHosts?: boolean }) => library.start(plan, host, say, options),
    cut: (host: string) => library.cut(plan, host, say),
    join: (host: string) => library.join(plan, host, say),
  };
}

/** The four hosts that stand while the lab tests run. */
export function sharedLab() {
  return labOf(join(testFolder, 'shared.yaml'));
}
