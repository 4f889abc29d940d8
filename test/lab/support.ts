import { type ChildProcess, spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { createInterface } from 'node:readline';
import { text } from 'node:stream/consumers';
import { setTimeout as sleep } from 'node:timers/promises';
import { labPlan } from '../../src/commands/lab.ts';
import type { RunEvent } from '../../src/engine/events.ts';
import { loadInventory } from '../../src/inventory/load.ts';
import type { Say } from '../../src/lab/contract.ts';
import * as library from '../../src/lab/lab.ts';
import { sshAnswers } from '../../src/lab/ready.ts';
import type { Finding } from '../../src/verify/contract.ts';

/**
 * Inventories of a project's tests and their state: the same folder in every run, so that a run finds what a killed one
 * left.
 */
export const testFolder = resolve('.foobar', process.env.FOOBAR_TEST_FOLDER ?? 'test');

const labs = [
  'shared',
  'own',
  'rival',
  'certificates',
  'strangers',
  'split',
  'differential',
  'standing',
  'lockout',
  'lost',
];

/** The third number of a lab's addresses: another one for each lab of this clone, and most likely for other clones. */
export function networkOf(lab: string): number {
  const index = labs.indexOf(lab);
  if (index < 0) throw new Error(`${lab} is no lab of the tests`);
  const [byte = 0] = createHash('sha256').update(resolve('.foobar')).digest();
  return 20 + ((byte + 31 * index) % 220);
}

/** A copy of a shipped inventory under another name and in another network than the developer's own labs. */
export function copyInventory(
  from: 'lab' | 'split',
  to: string,
  edit = (text: string): string => text,
): string {
  const octet = networkOf(to);
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
  const state = join(plan.directory, '..');
  const up = () => library.up(plan, say);
  const down = () => library.down(plan, say);
  return {
    inventory,
    plan,
    hosts: plan.hosts.map(({ name }) => name),
    /** What foobar keeps of the site: passwords, authorities, certificates; and the lab's own folder. */
    state,
    /** Client key, known_hosts, roots. */
    directory: plan.directory,
    address: (host: string) => plan.hosts.find(({ name }) => name === host)?.address ?? '',
    up,
    down,
    /** Bare hosts, of which foobar keeps nothing. */
    anew: async () => {
      await down();
      rmSync(state, { recursive: true, force: true });
      await up();
    },
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
    /** Puts a host's cable back, and waits until its network is up again. */
    join: async (host: string): Promise<void> => {
      await library.join(plan, host, say);
      const { address } = (await library.status(plan)).find((each) => each.host.name === host)!.host;
      if (!(await sshAnswers(address, 60, async () => true)))
        throw new Error(`${host} does not answer at ${address} after its cable was put back`);
    },
  };
}

/** The four hosts that stand while the lab tests run. */
export function sharedLab() {
  return labOf(join(testFolder, 'shared.yaml'));
}

export type Lab = ReturnType<typeof labOf>;
export type TaskEvent = RunEvent & { event: 'task' };

/** The built command line on an inventory, as a process of its own. */
export function startFoobar(command: string, inventory: string, ...more: string[]) {
  const words = ['dist/cli.js', command, inventory, '--output', 'json', ...more];
  const child = spawn(process.execPath, words, { stdio: ['ignore', 'pipe', 'pipe'] });
  const events: RunEvent[] = [];
  const lines = createInterface({ input: child.stdout });
  const read = (line: string): RunEvent | undefined => {
    try {
      return JSON.parse(line) as RunEvent;
    } catch (error) {
      // Whoever is killed may leave a line half said.
      if (child.killed) return undefined;
      throw error;
    }
  };
  lines.on('line', (line) => {
    const event = read(line);
    if (event) events.push(event);
  });
  const ended = Promise.all([once(child, 'exit'), once(lines, 'close'), text(child.stderr)]);
  return {
    child: child as ChildProcess,
    /** Resolves once such an event has come, or the process has ended without one. */
    until: (wanted: (event: RunEvent) => boolean): Promise<RunEvent | undefined> =>
      new Promise((resolve) => {
        const come = events.find(wanted);
        if (come) return resolve(come);
        lines.on('line', (line) => {
          const event = read(line);
          if (event && wanted(event)) resolve(event);
        });
        lines.once('close', () => resolve(undefined));
      }),
    end: async () => {
      const [[code, signal], , stderr] = await ended;
      return outcome(code as number | null, signal as NodeJS.Signals | null, events, stderr);
    },
  };
}

/** Runs foobar to its end. */
export function foobar(command: string, inventory: string, ...more: string[]) {
  return startFoobar(command, inventory, ...more).end();
}

function outcome(
  code: number | null,
  signal: NodeJS.Signals | null,
  events: readonly RunEvent[],
  stderr: string,
) {
  const tasks = events.filter((event): event is TaskEvent => event.event === 'task');
  const recap = events.find((event): event is RunEvent & { event: 'recap' } => event.event === 'recap');
  return {
    code,
    signal,
    events,
    stderr,
    tasks,
    recap,
    seconds: recap?.seconds ?? Number.NaN,
    /** The first telling of a task on a host, by the end of its name. */
    task: (name: string, host: string) =>
      tasks.find((event) => event.task.endsWith(name) && event.host === host),
    /** Hosts' counts of one kind. */
    count: (kind: 'changed' | 'failed' | 'unreachable' | 'unknown') =>
      Object.fromEntries(Object.entries(recap?.hosts ?? {}).map(([host, counts]) => [host, counts[kind]])),
    /** What went otherwise than `ok` and `skipped`, as a person would say it. */
    told: tasks
      .filter(({ status }) => status !== 'ok' && status !== 'skipped')
      .map(({ host, task, item, status }) => `${host}: ${task}${item ? ` (${item})` : ''}: ${status}`),
  };
}

/** Brings a lab to the whole site; quick when it is there already. */
export async function provisioned(lab: Lab, ...more: string[]): Promise<void> {
  const run = await foobar('provision', lab.inventory, ...more);
  if (run.code === 0) return;
  const failed = run.tasks.filter(({ status }) => status === 'failed' || status === 'unreachable');
  const why = failed.map(({ host, task, message }) => `${host}: ${task}: ${message}`);
  throw new Error(['the site cannot be provisioned', ...why, run.stderr].join('\n'));
}

/** What `foobar verify` finds: what is broken, as it says it, and which server takes writes. */
export async function verified(lab: Lab) {
  const { code, events, stderr } = await foobar('verify', lab.inventory);
  const findings = (events as unknown as ({ event: 'finding' } & Finding)[]).filter(
    ({ event }) => event === 'finding',
  );
  const broken = findings.filter(({ kept }) => !kept);
  return {
    code,
    stderr,
    broken: broken.map(({ host, promise, seen }) => `${host}: ${promise}: ${seen}`),
    primary: findings.find(({ promise }) => promise === 'exactly one server is writable')?.host,
  };
}

/** Resolves once `foobar verify` finds everything well. @throws Error with what is broken after four minutes */
export async function untilWhole(lab: Lab): Promise<{ primary: string | undefined }> {
  const deadline = Date.now() + 240_000;
  for (;;) {
    const seen = await verified(lab);
    if (seen.code === 0) return seen;
    if (Date.now() > deadline)
      throw new Error(['the site does not become whole', ...seen.broken, seen.stderr].join('\n'));
    await sleep(1000);
  }
}

/** For each host, zero. */
export function none(lab: Lab): Record<string, number> {
  return Object.fromEntries(lab.hosts.map((host) => [host, 0]));
}
