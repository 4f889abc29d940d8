import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { gunzipSync } from 'node:zlib';
import { afterAll, describe, expect, test } from 'vitest';
import { startLoad } from './load.ts';
import { sharedSite } from './shared.ts';
import { foobar, startFoobar, untilWhole } from './support.ts';
import { watchWritable } from './writable.ts';

const servers = ['server1', 'server2', 'server3'];
/** How often each loss is tried; from 2 on also what takes long: every step of an interrupted promotion, a MySQL that hangs. */
const rounds = Number(process.env.FOOBAR_ROUNDS ?? 1);

let watch: Awaited<ReturnType<typeof watchWritable>>;
const lab = sharedSite({
  prepare: async () => {
    watch = await watchWritable(lab, servers);
  },
});
afterAll(() => watch?.end());

const promote = (...words: string[]) => foobar('promote', lab.inventory, ...words, '--yes');
const settle = (...words: string[]) =>
  foobar('provision', lab.inventory, '--tags', 'replication', '--limit', 'database', ...words);
const sql = (host: string, statement: string) => lab.ask(host, `mysql -NB -e "${statement}"`);
const isOpen = async (host: string) => {
  const { code, stdout } = await lab.exec(
    host,
    "mysql -NB -e 'SELECT NOT (@@read_only OR @@super_read_only)'",
  );
  return code === 0 && stdout.trim() === '1';
};

/** The server that takes writes. */
async function primary(): Promise<string | undefined> {
  const status = await lab.status();
  const open = await Promise.all(
    servers.map(async (host) => /running|cut/.test(status[host] ?? '') && (await isOpen(host))),
  );
  return servers.find((_host, index) => open[index]);
}

async function others(): Promise<{ now: string; next: string; third: string }> {
  const now = await primary();
  if (now === undefined) throw new Error('no server takes writes');
  const [next = '', third = ''] = servers.filter((host) => host !== now);
  return { now, next, third };
}

const patience = { timeout: 240_000, interval: 200 };

/** A server that has returned is made a replica of whoever is primary by now. */
async function rejoin(host: string, ...words: string[]): Promise<void> {
  await expect.poll(async () => (await lab.exec(host, 'mysqladmin ping')).code, patience).toBe(0);
  expect(await isOpen(host)).toBe(false);
  const run = await settle(...words);
  const failed = run.tasks.filter(({ status }) => status === 'failed');
  expect({ code: run.code, failed: failed.map((task) => `${task.host}: ${task.message}`) }).toEqual({
    code: 0,
    failed: [],
  });
}

const neverTwo = async () => expect((await watch.seen()).both).toEqual([]);

describe('a planned promotion', () => {
  test('under load loses nothing, and refuses writes for a moment only', async () => {
    const { next, third } = await others();
    const load = await startLoad(lab, { from: third, patience: 30_000 });
    await load.acknowledges(1000);
    const run = await promote(next);
    await load.acknowledges(500, next);
    const seen = await load.stop();
    const told = run.events.map((event) => event as { kept?: boolean; write_pause?: number });
    const broken = told.filter(({ kept }) => kept === false);
    expect({ code: run.code, stderr: run.stderr, broken }).toEqual({ code: 0, stderr: '', broken: [] });
    expect(await primary()).toBe(next);
    const pause = told.find((event) => event.write_pause);
    console.log(
      `planned: writes refused for ${pause?.write_pause?.toFixed(2)} s; longest pause seen at ${Math.round(seen.rate)} rows/s: ${seen.longestPause.milliseconds} ms; ${seen.refused.length} refused`,
      seen.refusedTexts,
    );
    expect(
      seen.refusedTexts.filter(
        (text) => !/read-only|connection|killed|interrupted|ECONNRESET|EPIPE/i.test(text),
      ),
    ).toEqual([]);
    expect(await seen.missingOn(next)).toEqual([]);
    for (const host of servers) await expect.poll(() => seen.missingOn(host), patience).toEqual([]);
    await seen.remove(next);
    await untilWhole(lab);
    const page = async () => {
      const told = await lab.ask('outside', 'curl -sS https://www.foobar.com/');
      return told.replace(/<[^>]*>/g, ' ').replace(/\s+/g, ' ');
    };
    await expect.poll(page, patience).toContain(`wrote to ${next} the primary`);
    await neverTwo();
  });

  test('changes nothing when a replica has a transaction that the primary lacks', async () => {
    const { now, next, third } = await others();
    // What the visits of the test before have written is everywhere.
    const written = (await sql(now, 'SELECT @@gtid_executed')).replaceAll(/\s|\\n/g, '');
    for (const host of [next, third]) await sql(host, `SELECT WAIT_FOR_EXECUTED_GTID_SET('${written}')`);
    await sql(
      third,
      'SET GLOBAL super_read_only = OFF; CREATE DATABASE stray; SET GLOBAL super_read_only = ON',
    );
    const uuid = await sql(third, 'SELECT @@server_uuid');
    const state = () =>
      Promise.all(
        servers.map((host) =>
          sql(
            host,
            'SELECT @@gtid_executed, @@super_read_only; SELECT HOST FROM performance_schema.replication_connection_configuration',
          ),
        ),
      );
    const before = await state();
    for (const words of [[next], [third], [], ['--force']]) {
      const run = await promote(...words);
      expect(run.code).toBe(1);
      expect(run.stderr).toMatch(
        new RegExp(`${third} has transactions that the primary ${now} does not have: ${uuid}:`),
      );
    }
    expect(await state()).toEqual(before);
    const run = await settle();
    expect(run.code).toBe(1);
    expect(run.tasks.find(({ status }) => status === 'failed')).toMatchObject({ host: third });
    const discarded = await settle('-e', `replication_discard=${third}`);
    expect(discarded.code).toBe(0);
    expect(kept(third)).toContain('CREATE DATABASE stray');
    await untilWhole(lab);
  });

  test.runIf(rounds > 1)('is taken back when the candidate cannot get the rest in time', async () => {
    const { now, next, third } = await others();
    const apply = (seconds: number) =>
      sql(
        next,
        `STOP REPLICA SQL_THREAD; CHANGE REPLICATION SOURCE TO SOURCE_DELAY = ${seconds}; START REPLICA SQL_THREAD`,
      );
    await apply(15);
    const load = await startLoad(lab, { from: third, patience: 30_000 });
    await load.acknowledges(1000);
    const run = await promote(next).finally(() => apply(0));
    expect(run.code).toBe(1);
    expect(run.stderr).toContain(`${now} is the primary as before`);
    await load.acknowledges(500, now);
    const seen = await load.stop();
    console.log(`taken back: longest pause between two rows ${seen.longestPause.milliseconds} ms`);
    expect(await primary()).toBe(now);
    for (const host of servers) await expect.poll(() => seen.missingOn(host), patience).toEqual([]);
    await seen.remove(now);
    await untilWhole(lab);
    await neverTwo();
  });
});

/** What was kept of a server's own transactions, newest file. */
function kept(host: string): string {
  const folder = join(lab.state, 'mysql', 'errant');
  const files = existsSync(folder) ? readdirSync(folder).filter((name) => name.startsWith(`${host}-`)) : [];
  const newest = files.sort().at(-1);
  return newest === undefined ? '' : gunzipSync(readFileSync(join(folder, newest))).toString('utf8');
}

describe('a primary', () => {
  test('takes writes again by itself after a restart, and after its power was cut', async () => {
    const { now } = await others();
    for (const hard of [false, true]) {
      await lab.stop(now, { hard });
      await lab.start(now);
      await expect.poll(primary, patience).toBe(now);
    }
    await neverTwo();
  });

  test('goes on without its replicas, but not without any other host', async () => {
    const { now, next, third } = await others();
    try {
      await Promise.all([lab.cut(next), lab.cut(third)]);
      // Longer than a primary that nobody answers keeps taking writes.
      await sleep(15_000);
      expect(await isOpen(now)).toBe(true);
      await lab.cut(now);
      const alone = Date.now();
      await expect.poll(() => isOpen(now), patience).toBe(false);
      console.log(`cut off: read-only after ${((Date.now() - alone) / 1000).toFixed(1)} s`);
    } finally {
      await Promise.all([next, third, now].map((host) => lab.join(host)));
    }
    await expect.poll(() => isOpen(now), patience).toBe(true);
    await untilWhole(lab);
  });

  test('that is only not reachable from here is not replaced', async () => {
    const { now } = await others();
    const controller = lab.address(now).replace(/\d+$/, '1');
    await lab.ask(now, `ip route add unreachable ${controller}`);
    const run = await promote('--force').finally(() =>
      lab.ask(now, `ip route del unreachable ${controller}`),
    );
    expect(run.code).toBe(1);
    expect(run.stderr).toMatch(/not dead, only not reachable from here: .* reaches server\d on port/);
    expect(await primary()).toBe(now);
    await untilWhole(lab);
  });

  test('is not replaced while another host cannot be asked, nor with servers left out', async () => {
    const { now, next, third } = await others();
    try {
      await Promise.all([lab.cut(now), lab.cut('balancer1')]);
      const run = await promote('--force');
      expect(run.code).toBe(1);
      expect(run.stderr).toMatch(/balancer1 cannot be asked: while the old primary reaches one of them/);
      const limited = await promote('--force', '--limit', `${next},${third}`);
      expect(limited.code).toBe(3);
      expect(limited.stderr).toMatch(/promote takes no --limit/);
    } finally {
      await Promise.all([now, 'balancer1'].map((host) => lab.join(host)));
    }
    await expect.poll(primary, patience).toBe(now);
    await untilWhole(lab);
    await neverTwo();
  });
});

/** A primary loses its power under load, another one takes its place, and it comes back as a replica. */
async function lostAndReplaced(): Promise<{ seconds: number; told: string }> {
  const { now, third } = await others();
  const load = await startLoad(lab, { from: third });
  await load.acknowledges(1500);
  await lab.stop(now, { hard: true });
  const asked = Date.now();
  const run = await promote('--force');
  expect({ code: run.code, stderr: run.stderr }).toEqual({ code: 0, stderr: '' });
  const chosen = await others();
  await load.acknowledges(500, chosen.now);
  const seen = await load.stop();
  expect(await seen.missingOn(chosen.now)).toEqual([]);
  const first = seen.firstBy(chosen.now)!;
  await lab.start(now);
  // What it had written and nobody had acknowledged comes back with it, and is nobody's.
  await rejoin(now, '-e', `replication_discard=${now}`);
  await seen.remove(chosen.now);
  await untilWhole(lab);
  await neverTwo();
  const phases = (run.events as unknown as Phase[]).filter(({ state }) => state === 'end');
  return {
    seconds: (first - asked) / 1000,
    told: [
      `${now} to ${chosen.now}, ${seen.acknowledged.length} rows acknowledged`,
      ...phases.map(({ phase, seconds }) => `${phase} ${seconds?.toFixed(1)} s`),
    ].join('; '),
  };
}

function distribution(values: readonly number[]): string {
  const sorted = [...values].sort((left, right) => left - right);
  const share = (part: number) => sorted[Math.max(Math.ceil(part * sorted.length) - 1, 0)]?.toFixed(1);
  return `min ${share(0)}, median ${share(0.5)}, 90 % within ${share(0.9)}, max ${share(1)} (${values.length} times)`;
}

describe('a primary that is lost', () => {
  test(
    'is replaced without losing what was acknowledged; it is never writable when it returns',
    async () => {
      const times: number[] = [];
      for (let round = 1; round <= rounds; round++) {
        const { seconds, told } = await lostAndReplaced();
        times.push(seconds);
        console.log(`round ${round}: first write after ${seconds.toFixed(1)} s: ${told}`);
      }
      const { count } = await watch.seen();
      console.log(`from the command to the first write, s: ${distribution(times)}; ${count} looks`);
    },
    600_000 * rounds,
  );

  test.runIf(rounds > 1)('is replaced when its MySQL hangs, which is ended for good', async () => {
    const { now } = await others();
    await lab.ask(now, 'systemctl kill --signal=STOP mysql');
    const run = await promote('--force');
    expect({ code: run.code, stderr: run.stderr }).toEqual({ code: 0, stderr: '' });
    expect(await primary()).not.toBe(now);
    expect((await lab.exec(now, 'systemctl is-active mysql')).stdout.trim()).toMatch(/inactive|failed/);
    await lab.ask(now, 'systemctl start mysql');
    await rejoin(now);
    await untilWhole(lab);
    await neverTwo();
  });

  test('returns with transactions that nobody has: named, kept, and seeded anew on consent', async () => {
    const { now, next, third } = await others();
    for (const host of [next, third]) await sql(host, 'STOP REPLICA IO_THREAD');
    await sql(now, 'CREATE DATABASE alone');
    const uuid = await sql(now, 'SELECT @@server_uuid');
    await lab.stop(now, { hard: true });
    expect((await promote('--force')).code).toBe(0);
    expect((await promote('--force')).code, 'once more, with the old primary still gone').toBe(0);
    await lab.start(now);
    await expect.poll(async () => (await lab.exec(now, 'mysqladmin ping')).code, patience).toBe(0);
    expect(await isOpen(now)).toBe(false);
    const refused = await settle();
    expect(refused.code).toBe(1);
    expect(refused.tasks.find(({ status }) => status === 'failed')?.message).toContain(
      `does not have: ${uuid}:`,
    );
    const seeded = await settle('-e', `replication_discard=${now}`);
    expect(seeded.code).toBe(0);
    expect(kept(now)).toContain('CREATE DATABASE alone');
    await untilWhole(lab);
    await neverTwo();
  });
});

interface Phase {
  readonly event: string;
  readonly phase?: string;
  readonly state?: 'begin' | 'end';
  readonly number?: number;
  readonly seconds?: number;
}

/** Starts a promotion and kills it when a step begins or has ended. @returns whether it came so far */
async function killedAt(number: number, state: 'begin' | 'end', ...words: string[]): Promise<boolean> {
  const run = startFoobar('promote', lab.inventory, ...words, '--yes');
  const reached = await run.until((event) => {
    const phase = event as unknown as Phase;
    return phase.event === 'phase' && phase.number === number && phase.state === state;
  });
  run.child.kill('SIGKILL');
  await run.end();
  return reached !== undefined;
}

describe('a promotion that is killed', () => {
  test.each(rounds > 1 ? [2, 3, 4, 5, 6] : [3, 5])(
    'in step %i of a planned one is ended by the same command',
    async (step) => {
      for (const state of rounds > 1 ? (['begin', 'end'] as const) : (['end'] as const)) {
        const { next } = await others();
        expect(await killedAt(step, state, next)).toBe(true);
        const again = await promote(next);
        expect({ code: again.code, stderr: again.stderr }).toEqual({ code: 0, stderr: '' });
        expect(await primary()).toBe(next);
        await untilWhole(lab);
      }
      await neverTwo();
    },
  );

  test.runIf(rounds > 1).each([2, 3, 4, 5, 6, 7])(
    'in step %i of a forced one is ended by the same command',
    async (step) => {
      for (const state of rounds > 1 ? (['begin', 'end'] as const) : (['end'] as const)) {
        const { now } = await others();
        await lab.stop(now, { hard: true });
        expect(await killedAt(step, state, '--force')).toBe(true);
        const again = await promote('--force');
        expect({ code: again.code, stderr: again.stderr }).toEqual({ code: 0, stderr: '' });
        expect(await primary()).not.toBe(now);
        await lab.start(now);
        await rejoin(now);
        await untilWhole(lab);
      }
      await neverTwo();
    },
  );
});
