import { afterAll, describe, expect, it } from 'vitest';
import { panelQueries } from '../roles/dashboards.ts';
import { sharedSite } from './shared.ts';

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

const rules = async () =>
  (await prometheus<{ groups: { rules: Rule[] }[] }>('rules')).groups.flatMap((group) => group.rules);

/** For what Prometheus has to scrape first: seconds here, more on a busy machine. */
const soon = { timeout: 240_000, interval: 500 };

/** Starts a command line outside, and gives what ends it. */
async function start(script: string): Promise<() => Promise<unknown>> {
  const pid = await lab.ask('outside', `${script} > /dev/null 2>&1 & echo $!`);
  return () => lab.exec('outside', `kill ${pid}`);
}

/** Alerts in seconds rather than minutes. */
const quick = {
  monitoring_scrape_interval: '2s',
  monitoring_qps_window: '10s',
  monitoring_qps_high: 50,
  monitoring_qps_high_for: '4s',
  monitoring_group_wait: '1s',
  monitoring_group_interval: '5s',
};

// Somebody always visits: the quantiles of nothing are no numbers.
let leave = async (): Promise<unknown> => undefined;
const lab = sharedSite({
  words: ['-e', JSON.stringify(quick)],
  prepare: async () => {
    await leave();
    leave = await start('while :; do curl --silent https://www.foobar.com/; sleep 0.5; done');
  },
});
afterAll(() => leave());

describe('Prometheus', () => {
  it('reads every exporter of every host', async () => {
    const seen = async () => {
      const [down, jobs] = await Promise.all([query('up == 0'), query('count by (job) (up)')]);
      return {
        down: down.map(({ metric }) => `${metric.job} on ${metric.instance}`),
        jobs: Object.fromEntries(jobs.map(({ metric, value }) => [metric.job, Number(value[1])])),
      };
    };
    await expect.poll(seen, soon).toEqual({
      down: [],
      jobs: {
        alertmanager: 1,
        haproxy: 1,
        mysql: 3,
        nginx: 3,
        nginx_log: 3,
        node: 4,
        prometheus: 1,
        site: 2,
      },
    });
  });

  it('evaluates every rule without an error', async () => {
    expect((await rules()).length).toBeGreaterThan(20);
    const unwell = async () =>
      (await rules())
        .filter(({ health }) => health !== 'ok')
        .map(({ name, health, lastError }) => `${name}: ${health} ${lastError ?? ''}`);
    await expect.poll(unwell, soon).toEqual([]);
  });

  it('has every metric that a rule asks for', async () => {
    const asked = (await rules()).flatMap(
      ({ query: expr }) =>
        expr.replace(/"[^"]*"|\{[^}]*\}/g, '').match(/[a-z_]+:[a-z:_]+|[a-z]+(?:_[a-z0-9]+){1,}/g) ?? [],
    );
    // Names that only releases of MySQL before 8.0.26 and 8.4 have, and PromQL's own words.
    const elsewhere =
      /slave_(io|sql)_running$|behind_master$|semi_sync_master|^(histogram_quantile|predict_linear|group_left)$/;
    const missing = async () => {
      const known = new Set(await prometheus<string[]>('label/__name__/values'));
      return [...new Set(asked)].filter((word) => !known.has(word) && !elsewhere.test(word));
    };
    await expect.poll(missing, soon).toEqual([]);
  });
});

describe('the dashboards', () => {
  it.each(panelQueries())('$dashboard, $panel: $expr', async ({ expr }) => {
    const answer = async () => {
      const samples = await query(expr);
      const numbers = samples.filter(({ value }) => Number.isFinite(Number(value[1])));
      return { empty: samples.length === 0, others: samples.filter((sample) => !numbers.includes(sample)) };
    };
    await expect.poll(answer, soon).toEqual({ empty: false, others: [] });
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
    const told = async () => (await received()).slice(before);
    const end = await start('wrk --threads 1 --connections 8 --duration 10m https://www.foobar.com/none');
    await expect.poll(told, soon).toContain('firing').finally(end);
    await expect.poll(told, soon).toContain('resolved');
  });
});
