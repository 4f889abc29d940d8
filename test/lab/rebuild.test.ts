import { readFileSync, writeFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { startLoad } from './load.ts';
import { sharedSite } from './shared.ts';
import { foobar, labOf, startFoobar, untilWhole } from './support.ts';

const lab = sharedSite();
const servers = ['server1', 'server2', 'server3'];
/** How often a web server is lost; with more than one, controllers die at every step too, and a primary is lost. */
const rounds = Number(process.env.FOOBAR_ROUNDS ?? 1);

type Told = { readonly event: string } & Readonly<Record<string, unknown>>;
const told = (events: unknown, kind: string) => (events as Told[]).filter(({ event }) => event === kind);

/** A server with its disk is lost, and a bare one with another host key stands in its place. */
async function lose(host: string): Promise<string[]> {
  await lab.destroy(host);
  await lab.start(host, { keepKnownHosts: true });
  const [, key = ''] = (await lab.ask(host, 'ssh-keygen -lf /etc/ssh/ssh_host_ed25519_key.pub')).split(' ');
  return [host, '--yes', '--host-key', key];
}

async function rebuilt(...words: string[]) {
  const { code, events, stderr } = await foobar('rebuild', lab.inventory, ...words);
  expect({ code, stderr, broken: told(events, 'finding') }).toEqual({ code: 0, stderr: '', broken: [] });
  const [end] = told(events, 'rebuilt') as unknown as [
    { host: string; seconds: number; phases: { phase: string; seconds: number }[] },
  ];
  const phases = end.phases.map(({ phase, seconds }) => `${phase} ${seconds} s`);
  console.log(`${end.host} is back after ${end.seconds} s: ${phases.join(', ')}`);
  return events;
}

/** Starts a rebuild and kills it when a step begins. */
async function killedAt(step: string, words: readonly string[]): Promise<void> {
  const run = startFoobar('rebuild', lab.inventory, ...words);
  const came = await run.until((event) => {
    const { event: kind, phase, state } = event as unknown as Told;
    return kind === 'phase' && state === 'begin' && String(phase).startsWith(step);
  });
  run.child.kill('SIGKILL');
  const { signal, stderr } = await run.end();
  expect({ step, came: came !== undefined, signal, stderr }).toMatchObject({ came: true, signal: 'SIGKILL' });
}

/** The server that takes writes first, then the others. */
async function roles(): Promise<[primary: string, first: string, second: string]> {
  const closed = await Promise.all(
    servers.map((host) => lab.ask(host, "mysql -NBe 'SELECT @@super_read_only'")),
  );
  const primary = servers[closed.indexOf('0')]!;
  const [first = '', second = ''] = servers.filter((host) => host !== primary);
  return [primary, first, second];
}

/** Orders that the authority has had since its host was made; fails where it has told nothing at all. */
const orders = () =>
  lab.ask(
    'outside',
    "journalctl -qu lab-pebble | awk '/order-plz/ { orders++ } END { if (NR == 0) exit 1; print orders + 0 }'",
  );
const started = (host: string) => lab.ask(host, 'systemctl show --value -p InvocationID mysql');

async function nothingLeft(): Promise<void> {
  const run = await foobar('provision', lab.inventory);
  expect({ code: run.code, told: run.told }).toEqual({ code: 0, told: [] });
}

describe('a lost web server and replica', () => {
  test('that lives is not rebuilt', async () => {
    const [primary, first] = await roles();
    const alive = await foobar('rebuild', lab.inventory, first, '--yes');
    expect(alive.code).toBe(1);
    expect(alive.stderr).toContain(`${first} is alive and in service (web, database)`);
    const writable = await foobar('rebuild', lab.inventory, primary, '--yes');
    expect(writable.code).toBe(1);
    expect(writable.stderr).toContain(`${primary} lives and is the primary of the database`);
  });

  test('is refused with another host key than the one that was confirmed, and nothing is changed', async () => {
    const [, , lost] = await roles();
    const [host = ''] = await lose(lost);
    const run = await foobar('rebuild', lab.inventory, host, '--yes', '--host-key', 'SHA256:another');
    expect({ code: run.code, stderr: run.stderr }).toEqual({
      code: 1,
      stderr: expect.stringMatching(
        /shows another host key than the known one: .*--host-key says SHA256:another/s,
      ),
    });
    expect((await foobar('rebuild', lab.inventory, host, '--yes')).code).toBe(1);
    expect((await lab.exec(host, 'ls -d /var/lib/foobar')).code).toBe(2);
  });

  test('is rebuilt while 500 rows a second are written, though the controller dies twice', async () => {
    const [primary, other, lost] = await rolesWithout();
    const before = { orders: await orders(), started: await started(primary) };
    const words = await lose(lost);
    const load = await startLoad(lab, { from: other, servers: [primary, other], patience: 30_000 });
    await killedAt('Replication', words);
    await killedAt('compare every row', [lost, '--yes']);
    const events = await rebuilt(lost, '--yes');
    const written = await load.stop();
    const { rate, longestPause, acknowledged, refused } = written;
    console.log(
      `${acknowledged.length} rows, ${Math.round(rate)} a second, longest pause ${longestPause.milliseconds} ms`,
    );
    expect(refused).toEqual([]);
    expect(acknowledged.length).toBeGreaterThan(1000);
    expect(told(events, 'compared')).toMatchObject([{ differences: [], uncompared: [] }]);
    await expect.poll(() => written.missingOn(lost), { timeout: 180_000 }).toEqual([]);
    expect({ orders: await orders(), started: await started(primary) }).toEqual(before);
    await written.remove(primary);
    await nothingLeft();
  });

  /** Of the servers that run: one may be lost already. */
  async function rolesWithout(): Promise<[string, string, string]> {
    const answers = await Promise.all(
      servers.map((host) => lab.exec(host, "mysql -NBe 'SELECT @@super_read_only'")),
    );
    const at = (wanted: string) => servers.find((_host, index) => answers[index]!.stdout.trim() === wanted)!;
    const [primary, other] = [at('0'), at('1')];
    return [primary, other, servers.find((host) => host !== primary && host !== other)!];
  }
});

describe('a lost balancer with the monitoring', () => {
  test('is rebuilt, and the site answers again', async () => {
    await rebuilt(...(await lose('balancer1')));
    expect(await lab.ask('outside', "curl -sS -o /dev/null -w '%{http_code}' https://www.foobar.com/")).toBe(
      '200',
    );
    await nothingLeft();
  });
});

if (rounds > 1) {
  describe('in the long run', { timeout: 600_000 * rounds }, () => {
    test(`${rounds} rounds of a lost web server cost no order`, async () => {
      const before = await orders();
      for (let round = 0; round < rounds; round++) {
        const [, first, second] = await roles();
        await rebuilt(...(await lose(round % 2 === 0 ? first : second)));
      }
      expect(await orders()).toBe(before);
      await nothingLeft();
    });

    test('a controller that dies at every step leaves nothing that the next does not mend', async () => {
      const [, first] = await roles();
      const [host = '', ...words] = await lose(first);
      const steps = [
        'look at the site',
        'reach',
        'Facts',
        'Servers',
        'Replication',
        'compare every row',
        'Backups',
        'Web servers',
        'Certificates in service',
        'Monitoring',
        'until balancer1',
        'verify',
      ];
      await killedAt(steps[0]!, [host, ...words]);
      for (const step of steps.slice(1)) await killedAt(step, [host, ...words]);
      await nothingLeft();
      await untilWhole(lab);
    });

    test('a server at a new address takes its place, and nothing is left of the old one', async () => {
      const [, first] = await roles();
      const inventory = readFileSync(lab.inventory, 'utf8');
      const number = Number(/\d+$/.exec(lab.address(first))![0]);
      const moveTo = (other: number) =>
        inventory.replace(new RegExp(`(?<=\\b${first}: .*[.:])${number}(?="| |,)`, 'g'), String(other));
      const known = async (address: string) => {
        const where = [
          ...lab.hosts.map((host) => [host, 'ufw status'] as const),
          ['balancer1', 'cat /etc/haproxy/haproxy.cfg /etc/prometheus/prometheus.yml'] as const,
          ...servers.map((host) => [host, "mysql -NBe 'SELECT user, host FROM mysql.user'"] as const),
        ];
        const texts = await Promise.all(where.map(([host, script]) => lab.ask(host, script)));
        return where.filter((_at, index) => new RegExp(`\\b${address}\\b`).test(texts[index]!));
      };
      const address = lab.address(first);
      expect(await known(address)).not.toEqual([]);
      try {
        await lab.destroy(first);
        writeFileSync(lab.inventory, moveTo(77));
        const moved = labOf(lab.inventory);
        expect(moved.address(first)).toBe(address.replace(/\d+$/, '77'));
        await moved.start(first, { keepKnownHosts: true });
        const [, key = ''] = (
          await moved.ask(first, 'ssh-keygen -lf /etc/ssh/ssh_host_ed25519_key.pub')
        ).split(' ');
        await rebuilt(first, '--yes', '--host-key', key);
        expect(await known(address)).toEqual([]);
        expect((await known(moved.address(first))).length).toBeGreaterThan(servers.length);
        await nothingLeft();
      } finally {
        await lab.destroy(first);
        writeFileSync(lab.inventory, inventory);
        await rebuilt(...(await lose(first)));
      }
      await nothingLeft();
    });

    test('a lost primary is not rebuilt before another server has taken its place', async () => {
      const [primary, first] = await roles();
      const words = await lose(primary);
      const run = await foobar('rebuild', lab.inventory, ...words);
      expect(run.code).toBe(1);
      expect(run.stderr).toMatch(/was the primary, and no server has taken its place: .*foobar promote/s);
      const promoted = await foobar('promote', lab.inventory, first, '--force', '--yes');
      expect({ code: promoted.code, stderr: promoted.stderr }).toMatchObject({ stderr: '' });
      await rebuilt(primary, '--yes');
      expect((await roles())[0]).toBe(first);
      await nothingLeft();
    });
  });
}
