import { describe, expect, test } from 'vitest';
import { balancerKnows } from './balancer.ts';
import { sharedSite } from './shared.ts';
import { foobar, provisioned, untilWhole } from './support.ts';
import type { Visited } from './visitor.ts';
import { startVisits } from './visits.ts';

const lab = sharedSite();

/** For the figures of docs/recovery.md: FOOBAR_REQUESTS=300000. */
const requests = Number(process.env.FOOBAR_REQUESTS ?? 30_000);
const rate = Number(process.env.FOOBAR_RATE ?? 1000);
/** Connections end sooner than by default, so that servers are out of service sooner. */
const pace = requests > 100_000 ? [] : ['-e', 'nginx_keepalive_time=4'];

/** What went wrong, counted by its text. */
function problems({ failed }: Visited): Record<string, number> {
  const counts: Record<string, number> = {};
  for (const { protocol, message } of failed) {
    const text = `${protocol} ${message}`;
    counts[text] = (counts[text] ?? 0) + 1;
  }
  return counts;
}

function figures(visited: Visited): string {
  const { good, failed, opened, seconds, percentile99, slowest } = visited;
  return `${good + failed.length} requests in ${seconds.toFixed(0)} s, ${failed.length} failed, ${opened} connections, 99 % within ${percentile99.toFixed(0)} ms, slowest ${slowest.toFixed(0)} ms`;
}

describe('visitors do not notice', () => {
  test('new configuration, certificate and version, while the balancer reloads ten times', async () => {
    const visits = await startVisits(lab, { rate });
    const tokens = (Date.now() % 1000) + 1024;
    const changes = [
      ['--tags', 'nginx', '-e', `nginx_client_max_body_size=${tokens}k`, ...pace],
      ['--tags', 'app', '-e', `app_version=rolling-${tokens}`],
      ['--tags', 'certificates', '-e', 'certificates_key_type=rsa'],
    ];
    for (const [index, words] of changes.entries()) {
      const run = await foobar('provision', lab.inventory, ...words);
      expect(run.told.filter((line) => !line.endsWith(': changed'))).toEqual([]);
      expect(run.code).toBe(0);
      const changed = run.tasks.filter(
        ({ status, task }) => status === 'changed' && task.endsWith('Put the server back'),
      );
      expect(changed.map(({ host }) => host)).toEqual(['server1', 'server2', 'server3']);
      for (let reload = index; reload < 10; reload += changes.length)
        await lab.ask('balancer1', 'systemctl reload haproxy');
    }
    await visits.made(requests);
    const visited = await visits.stop();
    console.log(`rolling changes under load: ${figures(visited)}`);
    expect(problems(visited)).toEqual({});
    expect(Object.keys(visited.servers).sort()).toEqual(['server1', 'server2', 'server3']);
  });

  test('for longer than the health check takes that a web server has lost its power', async () => {
    const before = await startVisits(lab, { rate: Math.min(rate, 200) });
    await before.made(400);
    const cut = Date.now();
    try {
      await lab.stop('server3', { hard: true });
      await balancerKnows(lab, { server3: 'DOWN' });
      const noticed = Date.now();
      const after = await startVisits(lab, { rate: Math.min(rate, 200) });
      await after.made(1000);
      const [visited, unaware] = [await before.stop(), await after.stop()];
      const last = Math.max(cut, ...visited.failed.map(({ at }) => at));
      console.log(
        `server3 without power: ${figures(visited)}; the last one ${last - cut} ms after the cut, noticed after ${noticed - cut} ms`,
        problems(visited),
      );
      expect(problems(unaware)).toEqual({});
      // Whoever waited for the lost server was told as soon as the balancer had noticed.
      expect(Object.keys(problems(visited)).filter((text) => text.includes('no answer in time'))).toEqual([]);
    } finally {
      await lab.start('server3');
    }
    await untilWhole(lab);
  });
});

test('a web server that does not become healthy stops the change before the next one', async () => {
  const broken = ['app_version=broken', 'app_command=/bin/false', 'app_health_timeout=3'];
  const words = broken.flatMap((word) => ['-e', word]);
  try {
    const run = await foobar('provision', lab.inventory, '--tags', 'app', ...words);
    expect(run.code).not.toBe(0);
    expect(run.count('failed')).toEqual({ balancer1: 0, server1: 1, server2: 0, server3: 0 });
    expect(run.task('Switch to the release', 'server2')).toBeUndefined();
    const answers = await lab.ask(
      'outside',
      "for i in 1 2 3 4 5 6; do curl -sS --max-time 10 -o /dev/null -w '%{http_code} %header{x-served-by}\\n' https://www.foobar.com/; done",
    );
    expect(new Set(answers.split('\n'))).toEqual(new Set(['200 server2', '200 server3']));
  } finally {
    await provisioned(lab);
  }
  await untilWhole(lab);
});

test('no change begins where it would leave less than all but two', async () => {
  const stopped = ['server2', 'server3'];
  const change = ['--limit', 'server1', '--tags', 'nginx', '-e', 'nginx_client_max_body_size=3m'];
  try {
    for (const host of stopped) await lab.ask(host, 'systemctl stop nginx');
    await balancerKnows(lab, { server2: 'DOWN', server3: 'DOWN' });
    const run = await foobar('provision', lab.inventory, ...change);
    expect(run.code).not.toBe(0);
    expect(run.task('Refuse when too few would be left', 'server1')?.message).toMatch(
      /balancer1 knows 1 of 3 web servers as healthy \(server1\): server1 stays in service as it is/,
    );
  } finally {
    for (const host of stopped) await lab.ask(host, 'systemctl start nginx');
  }
  await balancerKnows(lab, { server2: 'UP', server3: 'UP' });
  await provisioned(lab);
  await untilWhole(lab);
});

test('a new configuration restarts one replica after the other, and never the primary', async () => {
  const servers = ['server1', 'server2', 'server3'];
  const started = async (host: string) => (await lab.ask(host, 'stat -c %Y /run/mysqld/mysqld.sock')).trim();
  const [primary] = await Promise.all(
    servers.map(async (host) => ({
      host,
      closed: await lab.ask(host, "mysql -NBe 'SELECT @@super_read_only'"),
    })),
  ).then((all) => all.filter(({ closed }) => closed === '0').map(({ host }) => host));
  const before = await started(primary!);
  const words = ['--tags', 'database', '-e', 'mysql_slow_query_seconds=3'];
  const run = await foobar('provision', lab.inventory, ...words);
  expect(run.code).toBe(0);
  const restarted = run.tasks.filter(
    ({ status, task }) =>
      status === 'changed' && task.endsWith('Restart servers whose configuration has changed'),
  );
  expect(restarted.map(({ host }) => host).sort()).toEqual(servers.filter((host) => host !== primary));
  expect(await started(primary!)).toBe(before);
  expect(run.events).toContainEqual(
    expect.objectContaining({
      event: 'warning',
      message: expect.stringMatching(/runs with an older configuration: foobar promote/),
    }),
  );
  await untilWhole(lab);
});
