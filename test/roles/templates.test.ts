import { describe, expect, it } from 'vitest';
import { parseYaml } from '../../src/yaml/located.ts';
import { type Fleet, fleet, flows, renderTemplate, renderVariable } from './render.ts';

const apart: Fleet = {
  groups: { all: ['web1', 'db1'], balancer: [], web: ['web1'], database: ['db1'], monitoring: [] },
  hostvars: { web1: { address: '10.0.0.1', address6: '' }, db1: { address: '10.0.0.2', address6: '' } },
};

describe('Nginx', () => {
  const conf = renderTemplate('nginx', 'nginx.conf.j2');

  it('believes the PROXY header of the balancer only, and answers nobody else', () => {
    expect(conf).toContain('set_real_ip_from 198.18.0.10;\n');
    expect(conf).toContain('set_real_ip_from fd00:198:18::10;\n');
    expect(conf.match(/set_real_ip_from/g)).toHaveLength(2);
    for (const listen of conf.match(/listen (\[::\]:)?(80|443)[^;]*;/g) ?? [])
      expect(listen).toContain('proxy_protocol');
    expect(conf.match(/if \(\$from_balancer = 0\)/g)).toHaveLength(3);
  });

  it('speaks plain HTTPS where there is no balancer', () => {
    expect(renderTemplate('nginx', 'nginx.conf.j2', { host: 'web1', fleet: apart })).not.toMatch(
      /proxy_protocol|from_balancer/,
    );
  });

  it('has the TLS settings of the guideline in one line', () => {
    expect(conf).toMatch(/ssl_ciphers ECDHE-ECDSA-AES128-GCM-SHA256:\S+:ECDHE-RSA-CHACHA20-POLY1305;/);
    expect(conf).toContain('add_header Strict-Transport-Security "max-age=63072000" always;');
  });

  it('serves all names of the site', () => {
    expect(conf.match(/server_name www\.foobar\.com foobar\.com;/g)).toHaveLength(2);
  });

  it('counts requests only where something listens', () => {
    expect(conf).toContain('syslog:server=unix:/run/mtail/nginx.sock');
    expect(
      renderTemplate('nginx', 'nginx.conf.j2', { variables: { nginx_metrics_socket: '' } }),
    ).not.toContain('mtail');
  });
});

describe('HAProxy', () => {
  const cfg = renderTemplate('balancer', 'haproxy.cfg.j2', { host: 'balancer1' });

  it('passes TLS through and checks each web server by name over HTTPS', () => {
    for (const server of ['server1 198.18.0.11', 'server2 198.18.0.12', 'server3 198.18.0.13'])
      expect(cfg).toContain(
        `server ${server}:443 send-proxy-v2 check check-ssl check-send-proxy check-sni www.foobar.com verify required verifyhost www.foobar.com ca-file @system-ca\n`,
      );
    expect(cfg).not.toMatch(/bind .*\b(ssl|crt)\b/);
  });

  it('leads to the hosts to which its flow leads, in their order', () => {
    const cfg = renderTemplate('balancer', 'haproxy.cfg.j2', {
      host: 'balancer1',
      variables: {
        balancer_flow: 'visitors',
        flows: { visitors: { from: 'balancer', to: ['server3', 'web'], ports: [80, 443] } },
      },
    });
    expect(cfg.match(/server server\d/g)).toEqual([...'312312'].map((number) => `server server${number}`));
  });

  it('is not configured without a server of the group', () => {
    const web = { from: 'balancer', to: ['server1', 'server2'], ports: [80, 443] };
    expect(() =>
      renderTemplate('balancer', 'haproxy.cfg.j2', {
        host: 'balancer1',
        variables: { flows: { ...flows, web } },
      }),
    ).toThrow(
      "the flow 'web' does not lead from balancer1 to port 443 of server3, which is in the group web",
    );
  });

  it('tells how it is on loopback only where no flow leads there', () => {
    const { metrics: _metrics, ...others } = flows;
    const bound = (variables = {}) =>
      /frontend metrics\n *bind (.*)/.exec(
        renderTemplate('balancer', 'haproxy.cfg.j2', { host: 'balancer1', variables }),
      )?.[1];
    expect(bound()).toBe('198.18.0.10:8405');
    expect(bound({ flows: others })).toBe('127.0.0.1:8405');
  });

  it("takes an authority of one's own", () => {
    const own = renderTemplate('balancer', 'haproxy.cfg.j2', {
      host: 'balancer1',
      variables: { site_ca_file: '/x/ca.pem' },
    });
    expect(own).toContain('ca-file /etc/haproxy/site-ca.pem');
    expect(own).not.toContain('@system-ca');
  });

  it('leaves maxconn to the limit of open files unless one is given', () => {
    expect(cfg).not.toContain('maxconn');
    expect(
      renderTemplate('balancer', 'haproxy.cfg.j2', {
        host: 'balancer1',
        variables: { balancer_maxconn: 20_000 },
      }),
    ).toContain('    maxconn 20000\n');
  });
});

describe('the application', () => {
  it('gets its configuration as JSON, whatever the password is', () => {
    const config = JSON.parse(renderTemplate('app', 'site.json.j2'));
    expect(config.database.password).toBe('it\'s "quoted"');
    expect(config.server).toBe('server1');
    expect(config.database.servers).toEqual(
      fleet.groups.database!.map((name) => ({ name, address: fleet.hostvars[name]!.address, port: 3306 })),
    );
  });

  it('gets environment variables as systemd quotes them', () => {
    const unit = renderTemplate('app', 'app.service.j2', {
      variables: { app_environment: { A: 'b "c" \\ %d' } },
    });
    expect(unit).toContain('Environment="A=b \\"c\\" \\\\ %%d"\n');
  });

  it('keeps secrets out of its environment', () => {
    const unit = renderTemplate('app', 'app.service.j2');
    expect(unit).toContain('LoadCredential=config.json:/etc/site/credentials/config.json\n');
    expect(unit).not.toContain('quoted');
  });
});

describe('exporters', () => {
  it('listen on the address of the host', () => {
    for (const name of ['node-exporter', 'nginx-exporter', 'mysqld-exporter'])
      expect(renderTemplate('exporters', `${name}.default.j2`)).toContain(
        '--web.listen-address=198.18.0.11:9',
      );
  });

  it('listen on loopback where no flow leads to their port', () => {
    const metrics = { from: 'monitoring', to: 'all', ports: 9100 };
    const listen = (name: string) =>
      /listen-address=(\S+)/.exec(
        renderTemplate('exporters', `${name}-exporter.default.j2`, { variables: { flows: { metrics } } }),
      )?.[1];
    expect(['node', 'nginx', 'mysqld'].map(listen)).toEqual([
      '198.18.0.11:9100',
      '127.0.0.1:9113',
      '127.0.0.1:9104',
    ]);
    expect(renderTemplate('exporters', 'mtail.default.j2', { variables: { flows: { metrics } } })).toContain(
      'HOST=127.0.0.1\n',
    );
  });

  it.each([
    ['server1', ['site', 'mysql']],
    ['balancer1', []],
  ])('publish the certificates of %s', (host, names) => {
    const list = renderVariable('exporters', 'exporters_certificates', { host }) as { name: string }[];
    expect(list.map(({ name }) => name)).toEqual(names);
  });
});

describe('MySQL', () => {
  it.each([
    ['*', flows],
    ['127.0.0.1', { web: flows.web }],
  ])('listens at %s as flows lead to it', (address, given) => {
    const variables = { ansible_facts: { memtotal_mb: 1024 }, flows: given };
    expect(renderTemplate('mysql', 'mysqld.cnf.j2', { variables })).toContain(`bind_address = ${address}\n`);
  });
});

describe('Prometheus', () => {
  interface Job {
    readonly job_name: string;
    readonly static_configs: readonly {
      readonly targets: readonly string[];
      readonly labels: { readonly instance: string };
    }[];
  }
  const read = (variables = {}) =>
    parseYaml(
      renderTemplate('monitoring', 'prometheus.yml.j2', { host: 'balancer1', variables }),
      'prometheus.yml',
    ) as {
      scrape_configs: Job[];
      alerting?: unknown;
    };
  const targets = (jobs: readonly Job[], name: string) =>
    jobs
      .find((job) => job.job_name === name)
      ?.static_configs.map((one) => `${one.labels.instance} ${one.targets.join()}`);

  it('reads what each group publishes', () => {
    const { scrape_configs: jobs } = read();
    expect(targets(jobs, 'node')).toHaveLength(4);
    expect(targets(jobs, 'haproxy')).toEqual(['balancer1 198.18.0.10:8405']);
    expect(targets(jobs, 'mysql')).toEqual([
      'server1 198.18.0.11:9104',
      'server2 198.18.0.12:9104',
      'server3 198.18.0.13:9104',
    ]);
    expect(targets(jobs, 'site')).toEqual([
      'balancer1 https://198.18.0.10/healthz',
      'balancer1 https://[fd00:198:18::10]/healthz',
    ]);
  });

  it('reads what flows lead to from here, and misses nobody unnoticed', () => {
    const metrics = { from: 'monitoring', to: ['balancer', 'server2', 'server1'], ports: 'exporters' };
    const given = { flows: { ...flows, metrics } };
    expect(() => read(given)).toThrow('no flow leads from balancer1 to port 9100 of server3');
    const { scrape_configs: jobs } = read({ ...given, monitoring_unwatched: ['server3'] });
    expect(targets(jobs, 'mysql')).toEqual(['server1 198.18.0.11:9104', 'server2 198.18.0.12:9104']);
  });

  it('is described to another one by the flows from its address', () => {
    const metrics = { from: '192.0.2.0/24', to: 'all', ports: 'exporters' };
    const given = { flows: { ...flows, metrics }, monitoring_prometheus_url: 'https://192.0.2.9' };
    expect(() => read(given)).toThrow('no flow leads from balancer1');
    expect(read({ ...given, monitoring_reader: '192.0.2.9' }).scrape_configs).toEqual(
      read({ monitoring_prometheus_url: 'https://192.0.2.9' }).scrape_configs,
    );
  });

  it('takes more scrape configurations', () => {
    const more = [{ job_name: 'mine', static_configs: [{ targets: ['a:1'], labels: { instance: 'a' } }] }];
    expect(targets(read({ monitoring_extra_scrape_configs: more }).scrape_configs, 'mine')).toEqual([
      'a a:1',
    ]);
  });

  it('leaves out what is only on this host when another Prometheus reads', () => {
    const other = read({ monitoring_prometheus_url: 'https://prometheus.example.org' });
    expect(other.alerting).toBeUndefined();
    expect(other.scrape_configs.map((job) => job.job_name)).toEqual([
      'node',
      'haproxy',
      'nginx',
      'nginx_log',
      'mysql',
    ]);
  });
});

describe('backups', () => {
  it('are made on a replica, and copied to a host that is no database server', () => {
    expect(renderVariable('backup', 'backup_host')).toBe('server3');
    expect(renderVariable('backup', 'backup_host', { variables: { mysql_primary_hint: 'server3' } })).toBe(
      'server2',
    );
    expect(renderVariable('backup', 'backup_stores')).toEqual(['balancer1']);
    const groups = { ...fleet.groups, monitoring: [], balancer: ['server1'] };
    expect(renderVariable('backup', 'backup_stores', { fleet: { ...fleet, groups } })).toEqual([]);
    expect(
      renderVariable('backup', 'backup_stores', {
        fleet: { ...fleet, groups: { ...fleet.groups, backup_store: ['vault1', 'vault2'] } },
      }),
    ).toEqual(['vault1', 'vault2']);
  });

  it('send to the port that the host takes SSH on, and know its key', () => {
    const hostvars = {
      ...fleet.hostvars,
      balancer1: {
        address: '10.0.0.1',
        ansible_port: 2222,
        ansible_facts: { ssh_host_key_ed25519_public: 'AAAA' },
      },
    };
    const rendering = { fleet: { ...fleet, hostvars } };
    expect(renderTemplate('backup', 'known_hosts.j2', rendering)).toContain(
      '[10.0.0.1]:2222 ssh-ed25519 AAAA\n',
    );
    expect(renderTemplate('backup', 'settings.j2', rendering)).toContain("stores='10.0.0.1 2222\n'");
  });
});

describe('rules', () => {
  interface Rule {
    readonly alert?: string;
    readonly expr: string;
    readonly for?: string;
    readonly labels?: { readonly severity: string };
    readonly annotations?: Record<string, string>;
  }
  const read = (variables = {}) =>
    (
      parseYaml(
        renderTemplate('monitoring', 'rules.yml.j2', { host: 'balancer1', variables }),
        'rules.yml',
      ) as {
        groups: { rules: Rule[] }[];
      }
    ).groups.flatMap((group) => group.rules);

  it('compare the requests with the thresholds that are given', () => {
    const rules = read({ monitoring_qps_high: 42, monitoring_qps_high_for: '7s', monitoring_qps_low: 3 });
    const named = (alert: string) => rules.find((rule) => rule.alert === alert);
    expect(named('QpsHigh')).toMatchObject({ expr: 'site:requests:rate > 42', for: '7s' });
    expect(named('QpsLow')).toMatchObject({ expr: 'site:requests:rate < 3' });
  });

  it('watch the backups where there is a database', () => {
    const rules = read({ backup_max_age: 90_000 });
    expect(rules.find(({ alert }) => alert === 'BackupTooOld')).toMatchObject({
      expr: 'time() - max(foobar_backup_last_success_seconds{kind="full"}) > 90000',
      labels: { severity: 'critical' },
    });
    expect(rules.find(({ alert }) => alert === 'BackupMissing')?.annotations?.description).toContain(
      'server3 cannot be asked',
    );
    // One that never worked has no time from which its age would count.
    expect(rules.find(({ alert }) => alert === 'BackupMissing')?.expr).toContain('{kind="logs"}');
    expect(rules.find(({ alert }) => alert === 'BackupUntested')?.expr).toContain(
      'foobar_backup_first_success',
    );
    const without = { ...fleet, groups: { ...fleet.groups, database: [] } };
    expect(renderTemplate('monitoring', 'rules.yml.j2', { host: 'balancer1', fleet: without })).not.toContain(
      'foobar_backup',
    );
  });

  it("each say how bad it is and what is the matter, in Prometheus' own templates", () => {
    for (const rule of read().filter(({ alert }) => alert)) {
      expect(['warning', 'critical']).toContain(rule.labels?.severity);
      expect(rule.annotations?.summary).not.toBe('');
    }
    expect(read().find(({ alert }) => alert === 'HostDown')?.annotations?.summary).toBe(
      '{{ $labels.instance }} does not answer',
    );
  });
});

describe('Alertmanager', () => {
  const read = (variables = {}) =>
    parseYaml(
      renderTemplate('monitoring', 'alertmanager.yml.j2', { host: 'balancer1', variables }),
      'alertmanager.yml',
    );

  it('sends to a webhook when only its address is given', () => {
    expect(read({ monitoring_webhook_url: 'https://example.org/hook' })).toMatchObject({
      route: { receiver: 'default' },
      receivers: [
        { name: 'default', webhook_configs: [{ url: 'https://example.org/hook', send_resolved: true }] },
      ],
    });
  });

  it('waits as long as it is told', () => {
    expect(read({ monitoring_group_wait: '1s', monitoring_group_interval: '5s' })).toMatchObject({
      route: { group_wait: '1s', group_interval: '5s', repeat_interval: '4h' },
    });
  });

  it('takes receivers as Alertmanager writes them', () => {
    const receivers = [{ name: 'team', email_configs: [{ to: 'team@example.org' }] }];
    expect(read({ monitoring_receivers: receivers })).toMatchObject({
      route: { receiver: 'team' },
      receivers,
    });
  });
});
