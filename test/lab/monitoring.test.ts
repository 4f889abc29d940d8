import { execFile } from 'node:child_process';
import { setTimeout as sleep } from 'node:timers/promises';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { panelQueries } from '../roles/dashboards.ts';
import { sharedLab } from './support.ts';

const lab = sharedLab();
const watcher = 'balancer1';

interface Sample {
  readonly metric: Record<string, string>;
  readonly value: [number, string];
}
interface Rule {
  readonly name: string;
  readonly type: string;
  readonly health: string;
  readonly query: string;
  readonly lastError?: string;
}

interface Alert {
  readonly status: string;
  readonly labels: Record<string, string>;
}

async function prometheus<T>(path: string, parameters: Record<string, string> = {}): Promise<T> {
  const { code, stdout, stderr } = await lab.exec(
    watcher,
    `curl --silent --show-error --data @- http://127.0.0.1:9090/api/v1/${path}${path === 'query' ? '' : ' --get'}`,
    new URLSearchParams(parameters).toString(),
  );
  if (code !== 0) throw new Error(`${path}: ${stderr}`);
  const answer = JSON.parse(stdout) as { status: string; data: T; error?: string };
  if (answer.status !== 'success') throw new Error(`${path}: ${answer.error}`);
  return answer.data;
}

async function query(expr: string): Promise<readonly Sample[]> {
  const { result, resultType } = await prometheus<{ resultType: string; result: Sample[] }>('query', {
    query: expr,
  });
  expect(resultType).toBe('vector');
  return result;
}

/** Asks again until the answer is as wanted; the last one when it never is. */
async function eventually<T>(
  ask: () => Promise<T>,
  wanted: (answer: T) => boolean,
  seconds: number,
): Promise<T> {
  for (const end = Date.now() + seconds * 1000; ; await sleep(2_000)) {
    const answer = await ask();
    if (wanted(answer) || Date.now() > end) return answer;
  }
}

async function visit(requests: number): Promise<void> {
  await lab.ask(
    'outside',
    `for i in $(seq ${requests}); do curl --silent --output /dev/null https://www.foobar.com/; done`,
  );
}

/** Alerts in seconds rather than minutes. */
const quick = {
  monitoring_scrape_interval: '5s',
  monitoring_qps_window: '30s',
  monitoring_qps_high: '100',
  monitoring_qps_high_for: '10s',
};

async function provision(variables: Record<string, string>): Promise<void> {
  const extra = Object.entries(variables).flatMap(([name, value]) => ['-e', `${name}=${value}`]);
  const args = ['dist/cli.js', 'provision', lab.inventory, '--output', 'plain', ...extra];
  await promisify(execFile)(process.execPath, args, { maxBuffer: 64 << 20 });
}

beforeAll(async () => {
  await provision(quick);
  await visit(10);
}, 900_000);

afterAll(() => provision({}), 300_000);

describe('Prometheus', () => {
  it('reads every exporter of every host', async () => {
    const down = await eventually(
      () => query('up == 0'),
      (answer) => answer.length === 0,
      90,
    );
    expect(down.map(({ metric }) => `${metric.job} on ${metric.instance}`)).toEqual([]);
    const jobs = await query('count by (job) (up)');
    expect(Object.fromEntries(jobs.map(({ metric, value }) => [metric.job, Number(value[1])]))).toEqual({
      alertmanager: 1,
      haproxy: 1,
      mysql: 3,
      nginx: 3,
      nginx_log: 3,
      node: 4,
      prometheus: 1,
      site: 2,
    });
  });

  it('evaluates every rule without an error', async () => {
    const { groups } = await prometheus<{ groups: { rules: Rule[] }[] }>('rules');
    const rules = groups.flatMap((group) => group.rules);
    expect(rules.length).toBeGreaterThan(20);
    expect(
      rules.filter((rule) => rule.health === 'err').map((rule) => `${rule.name}: ${rule.lastError}`),
    ).toEqual([]);
  });

  it('has every metric that a rule asks for', async () => {
    const { groups } = await prometheus<{ groups: { rules: Rule[] }[] }>('rules');
    const known = new Set(await prometheus<string[]>('label/__name__/values'));
    const words = groups
      .flatMap((group) => group.rules)
      .flatMap(
        ({ query: expr }) =>
          expr.replace(/"[^"]*"|\{[^}]*\}/g, '').match(/[a-z_]+:[a-z:_]+|[a-z]+(?:_[a-z0-9]+){1,}/g) ?? [],
      );
    // Names that only releases of MySQL before 8.0.26 and 8.4 have, and PromQL's own words.
    const elsewhere =
      /slave_(io|sql)_running$|behind_master$|semi_sync_master|^(histogram_quantile|predict_linear|group_left)$/;
    expect([...new Set(words)].filter((word) => !known.has(word) && !elsewhere.test(word))).toEqual([]);
  });
});

describe('the dashboards', () => {
  it.each(panelQueries())('$dashboard, $panel: $expr', async ({ expr }) => {
    const answer = await eventually(
      () => query(expr),
      (samples) => samples.length > 0 && samples.every(({ value }) => Number.isFinite(Number(value[1]))),
      60,
    );
    expect(answer.length).toBeGreaterThan(0);
    expect(answer.filter(({ value }) => !Number.isFinite(Number(value[1])))).toEqual([]);
  });
});

describe('the alert for many requests', () => {
  const received = async (): Promise<string[]> =>
    (await lab.ask('outside', 'curl --silent http://127.0.0.1:9099/'))
      .split('\n')
      .filter((line) => line.includes('QpsHigh'))
      .flatMap((line) => (JSON.parse(line) as { alerts: Alert[] }).alerts)
      .filter((alert) => alert.labels.alertname === 'QpsHigh')
      .map((alert) => alert.status);

  it('reaches the receiver when the load passes the threshold, and resolves', async () => {
    const before = (await received()).length;
    const load = lab.ask(
      'outside',
      'wrk --threads 1 --connections 8 --duration 60s https://www.foobar.com/none',
    );
    const firing = await eventually(
      () => received().then((all) => all.slice(before)),
      (all) => all.includes('firing'),
      120,
    );
    expect(firing).toContain('firing');
    await load;
    const resolved = await eventually(
      () => received().then((all) => all.slice(before)),
      (all) => all.includes('resolved'),
      240,
    );
    expect(resolved).toContain('resolved');
  });
});
