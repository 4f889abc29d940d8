import { describe, expect, test } from 'vitest';
import { $ } from 'zx';
import { networkDifferences } from './network.ts';
import { sharedSite } from './shared.ts';
import { foobar, none, provisioned, untilWhole } from './support.ts';

const lab = sharedSite();

/**
 * What a run must not touch where nothing is to be done: files, services, firewall. By host, as lines. A timer changes its
 * state each time that it elapses.
 */
const scripts = {
  files: "find /etc -printf '%p %y %m %U:%G %s %T@ %C@\\n' | sort",
  services: `systemctl show --property=Id,InvocationID,ActiveEnterTimestamp,StateChangeTimestamp,NRestarts \\
    $(systemctl list-units --type=service,socket,timer --state=active --plain --no-legend 'ufw*' 'nginx*' 'mysql*' \\
      'haproxy*' 'site*' 'prometheus*' 'mtail*' 'foobar*' 'ssh.*' 'unattended*' 'systemd-journald.*' | cut -d' ' -f1) |
    sed '/^Id=.*[.]timer$/,/^$/{/^StateChange/d}'`,
  processes:
    'for unit in nginx mysql haproxy prometheus; do systemctl show --property=MainPID,ExecReload $unit; done',
  firewall: "for tool in iptables ip6tables; do $tool-save | sed '/^#/d; s/\\[[0-9]*:[0-9]*\\]//'; done",
  ownership: "find /var/lib/foobar ! -name lock -printf '%p %s %T@\\n' | sort",
};

async function state(): Promise<Record<string, string[]>> {
  const asked = lab.hosts.flatMap((host) =>
    Object.entries(scripts).map(
      async ([what, script]) => [`${host}: ${what}`, (await lab.ask(host, script)).split('\n')] as const,
    ),
  );
  return Object.fromEntries(await Promise.all(asked));
}

describe('a settled site', () => {
  test.each([
    ['provision', []],
    ['provision', ['--check']],
    ['plan', []],
  ])('is not touched by %s %j', async (command, options) => {
    const before = await state();
    const run = await foobar(command, lab.inventory, ...options);
    expect(await state()).toEqual(before);
    expect({ code: run.code, stderr: run.stderr, told: run.told, changed: run.count('changed') }).toEqual({
      code: 0,
      stderr: '',
      told: [],
      changed: none(lab),
    });
    console.log(`${[command, ...options].join(' ')}, settled: ${run.seconds.toFixed(2)} s`);
  });

  test('is looked at in what the other tests compare', async () => {
    const seen = await state();
    const services = (host: string) => seen[`${host}: services`]?.filter((line) => line.startsWith('Id='));
    for (const unit of ['nginx', 'mysql', 'site', 'prometheus-mysqld-exporter', 'ssh'])
      expect(services('server1')).toContain(`Id=${unit}.service`);
    for (const unit of ['haproxy', 'prometheus', 'prometheus-alertmanager'])
      expect(services('balancer1')).toContain(`Id=${unit}.service`);
    for (const host of lab.hosts) {
      expect(seen[`${host}: files`]?.some((line) => line.startsWith('/etc/ufw/user.rules f '))).toBe(true);
      expect(seen[`${host}: firewall`]).toContain('-A ufw-user-input -p tcp -m tcp --dport 22 -j ACCEPT');
    }
  });
});

interface Drift {
  readonly what: string;
  readonly host: string;
  /** Breaks it. */
  readonly script: string;
  /** The one task that sees it, and what it says. */
  readonly task: string;
  readonly item?: string;
  readonly changes: readonly unknown[];
  /** Handlers that follow from mending it. */
  readonly handlers?: readonly string[];
}

const drifts: Drift[] = [
  {
    what: "a line in Nginx's configuration",
    host: 'server2',
    script:
      "sed -i 's/server_tokens off;/server_tokens on;/' /etc/nginx/nginx.conf && systemctl reload nginx",
    task: 'nginx : Configure Nginx',
    changes: [
      {
        what: 'content',
        path: '/etc/nginx/nginx.conf',
        from: expect.stringMatching(/^ *server_tokens on;$/m),
        to: expect.stringMatching(/^ *server_tokens off;$/m),
      },
    ],
    handlers: [
      'rolling : Take the server out of the balancer',
      'nginx : Reload nginx',
      'nginx : See that Nginx answers',
      'Put the server back',
    ],
  },
  {
    what: 'Nginx stopped',
    host: 'server3',
    script: 'systemctl stop nginx',
    task: 'nginx : Start Nginx',
    changes: [{ what: 'state', from: 'inactive', to: 'started' }],
  },
  {
    what: 'a rule of the firewall deleted, others added by hand',
    host: 'server1',
    script: `ufw delete allow proto tcp from ${lab.address('balancer1')} to any port 3903,9100,9104,9113 &&
      ufw limit 2222/tcp`,
    task: 'firewall : Firewall rules',
    changes: [
      { to: `tcp 3903,9100,9104,9113 from ${lab.address('balancer1')}` },
      { from: 'limit tcp 2222 0.0.0.0/0 any 0.0.0.0/0 in' },
      { from: 'limit tcp 2222 ::/0 any ::/0 in' },
    ],
  },
  {
    what: 'a replica stopped',
    host: 'server2',
    script: "mysql -e 'STOP REPLICA'",
    task: 'replication : Keep the others replicas of it',
    changes: [
      { what: 'receiver', from: 'OFF', to: 'ON' },
      { what: 'applier', from: 'OFF', to: 'ON' },
    ],
  },
  {
    what: 'a grant taken away on the primary',
    host: 'server1',
    script: `mysql -e "REVOKE DELETE ON site.* FROM site@'${lab.address('server1')}'"`,
    task: 'replication : Make the accounts',
    item: 'site',
    changes: [
      {
        what: 'privileges on site.*',
        from: 'CREATE, INSERT, SELECT',
        to: 'CREATE, DELETE, INSERT, SELECT',
      },
    ],
  },
];

describe('drift', () => {
  test.each(drifts)('$what: the plan names it and nothing else, a run mends that', async (drift) => {
    await lab.ask(drift.host, drift.script);
    for (const command of ['plan', 'provision']) {
      const run = await foobar(command, lab.inventory);
      const acted = run.tasks.filter(({ status }) => status !== 'ok' && status !== 'skipped');
      const mended = acted.filter(({ handler }) => !handler);
      expect(mended).toMatchObject([
        { host: drift.host, task: drift.task, status: 'changed', changes: drift.changes },
      ]);
      expect(mended[0]?.item).toBe(drift.item);
      const followed = acted.filter(({ handler }) => handler);
      expect(followed.filter(({ host }) => host !== drift.host)).toEqual([]);
      expect(followed.filter(({ task }) => !drift.handlers?.includes(task))).toEqual([]);
      expect(run.code).toBe(command === 'plan' ? 2 : 0);
      const others = Object.entries(run.count('changed')).filter(([host]) => host !== drift.host);
      expect(others.filter(([, changed]) => changed > 0)).toEqual([]);
    }
  });

  test('is shown as a difference of lines', async () => {
    await lab.ask('server2', "sed -i 's/server_tokens off;/server_tokens on;/' /etc/nginx/nginx.conf");
    const words = ['dist/cli.js', 'plan', lab.inventory, '--output', 'plain', '--limit', 'server2'];
    const plan = await $({ quiet: true, nothrow: true })`${process.execPath} ${words}`;
    expect(plan.exitCode).toBe(2);
    expect(plan.stdout).toMatch(/^\s*-\s+server_tokens on;$/m);
    expect(plan.stdout).toMatch(/^\s*\+\s+server_tokens off;$/m);
    await provisioned(lab);
  });

  test('leaves nothing behind', async () => {
    await untilWhole(lab);
  });
});

describe('the network', () => {
  test('is what the flows say, over IPv4 and IPv6', async () => {
    expect(await networkDifferences(lab)).toEqual({ code: 0, stderr: '', found: [] });
  });

  test('is not what they say: exactly what differs is named, and mended', async () => {
    const metrics = `proto tcp from ${lab.address('balancer1')} to any port 3903,9100,9104,9113`;
    const address6 = lab.plan.hosts.find(({ name }) => name === 'server1')?.address6;
    try {
      await lab.ask('server1', `ufw delete allow ${metrics}`);
      await lab.ask('server2', `ufw allow proto tcp from ${address6} to any port 3307`);
      const listener = "require('node:net').createServer().listen(8888, '0.0.0.0')";
      await lab.ask('server3', `systemd-run --quiet --unit=stray node -e "${listener}"`);
      await lab.ask('server3', 'ufw allow proto tcp from 0.0.0.0/0 to any port 8888');
      await expect
        .poll(() => lab.ask('server3', "ss -Hlnt 'sport = :8888'"), { timeout: 60_000 })
        .toContain('0.0.0.0:8888');
      expect(await networkDifferences(lab)).toEqual({
        code: 1,
        stderr: '',
        found: [
          'closed though meant: balancer1 -> server1 tcp 3903, 9100, 9104, 9113 (IPv4); by flow metrics; no answer',
          'let in though not meant: server1 -> server2 tcp 3307 (IPv6); nothing listens there now; no flow allows it',
          'listens though no flow leads there: server3 tcp 8888 (IPv4)',
          'open though not meant: outside, balancer1, server1, server2 -> server3 tcp 8888 (IPv4); no flow allows it',
        ],
      });
    } finally {
      await lab.exec('server3', 'systemctl stop stray');
      await provisioned(lab, '--tags', 'firewall');
    }
    expect(await networkDifferences(lab)).toEqual({ code: 0, stderr: '', found: [] });
  });
});
