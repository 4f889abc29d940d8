import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { loadPlaybook } from '../../src/playbook/load.ts';
import { parseYaml } from '../../src/yaml/located.ts';
import { renderTemplate, renderVariable } from './render.ts';

const vars = parseYaml(
  readFileSync(join(import.meta.dirname, '../../playbooks/roles/base/vars/main.yaml'), 'utf8'),
  'main.yaml',
) as Record<string, unknown>;
const server = { ...vars, ansible_facts: { virtualization_type: 'kvm' } };
const container = { ...vars, ansible_facts: { virtualization_type: 'systemd-nspawn' } };

describe('sshd', () => {
  const sshd = (variables: Record<string, unknown> = {}) =>
    renderTemplate('base', 'sshd.conf.j2', { variables }).split('\n');

  it('takes keys only, and takes weak algorithms away from what OpenSSH offers', () => {
    expect(sshd()).toEqual(
      expect.arrayContaining([
        'PasswordAuthentication no',
        'PermitRootLogin prohibit-password',
        'MaxAuthTries 4',
        'LoginGraceTime 30',
        'AllowTcpForwarding local',
        'AllowAgentForwarding no',
        'KexAlgorithms -ecdh-sha2-nistp*,diffie-hellman-*',
      ]),
    );
  });

  it('names nothing that a release before 9.8 does not know, and shuts nobody out by name', () => {
    expect(sshd().join('\n')).not.toMatch(/Penalt|RequiredRSASize|Allow(Users|Groups)|HostKeyAlgorithms/);
  });

  it('leaves a setting to OpenSSH where its variable is empty', () => {
    expect(sshd({ base_sshd_max_auth_tries: '' }).join('\n')).not.toContain('MaxAuthTries');
  });

  it('takes what an inventory adds before its own', () => {
    const lines = sshd({ base_sshd_settings: { MaxSessions: 4 }, base_sshd_allow_users: ['root', 'admin'] });
    expect(lines.indexOf('MaxSessions 4')).toBeLessThan(lines.indexOf('PasswordAuthentication no'));
    expect(lines).toContain('AllowUsers root admin');
  });

  it.each([
    ['balancer1', 'AllowUsers root foobar-backup'],
    ['server1', 'AllowUsers root'],
  ])('lets those in on %s who send copies of backups: %s', (host, line) => {
    const variables = { base_sshd_allow_users: ['root'] };
    expect(renderTemplate('base', 'sshd.conf.j2', { host, variables }).split('\n')).toContain(line);
  });
});

describe('automatic updates', () => {
  const updates = (host: string, variables: Record<string, unknown>) =>
    renderTemplate('base', 'unattended-upgrades.j2', { host, variables });

  it('never reboot by default', () => {
    expect(updates('server1', {})).toContain('Automatic-Reboot "false"');
  });

  it('reboot one host after the other, past midnight too', () => {
    const at = (host: string) =>
      /Reboot-Time "(.*)"/.exec(updates(host, { base_automatic_reboot_time: '23:40' }))?.[1];
    expect(['balancer1', 'server1', 'server2', 'server3'].map(at)).toEqual([
      '23:40',
      '23:55',
      '00:10',
      '00:25',
    ]);
  });
});

describe('kernel settings', () => {
  const all = (variables: Record<string, unknown>) =>
    renderVariable('base', 'base_sysctl_all', { variables }) as Record<string, unknown>;

  it('leave a container the kernel of its machine', () => {
    expect(all(container)).toHaveProperty(['net.ipv4.tcp_syncookies'], 1);
    expect(Object.keys(all(container)).filter((name) => !name.startsWith('net.'))).toEqual([]);
    expect(all(server)).toHaveProperty(['kernel.kptr_restrict'], 2);
  });

  it('take more of them, which count', () => {
    const more = { base_sysctl_more: { 'vm.swappiness': 1, 'net.ipv4.ip_forward': 0 } };
    expect(all({ ...server, ...more })).toMatchObject({ 'vm.swappiness': 1, 'net.ipv4.ip_forward': 0 });
  });
});

describe('files of settings', () => {
  const files = (variables: Record<string, unknown>) =>
    (renderVariable('base', 'base_setting_files', { variables }) as { dest: string }[]).map(
      ({ dest }) => dest,
    );

  it('keep modules from being loaded where the kernel is the own one', () => {
    expect(files(server)).toContain('/etc/modprobe.d/60-foobar.conf');
    expect(files(container)).not.toContain('/etc/modprobe.d/60-foobar.conf');
    expect(renderTemplate('base', 'modprobe.conf.j2')).toContain('install dccp /bin/false\nblacklist dccp\n');
  });

  it('mount /tmp only when asked to', () => {
    expect(files(server)).not.toContain('/etc/systemd/system/tmp.mount');
    const options = { base_tmp_options: 'nosuid,nodev,noexec' };
    expect(files({ ...server, ...options })).toContain('/etc/systemd/system/tmp.mount');
    expect(renderTemplate('base', 'tmp.mount.j2', { variables: options })).toMatch(
      /^Options=.*,nosuid,nodev,noexec$/m,
    );
  });
});

describe('the first play, which only installs packages of the monitoring', () => {
  it('leaves what an earlier run owes of it to the play that first mends what it looks at', () => {
    const file = join(import.meta.dirname, '../../playbooks/site.yaml');
    const roles = loadPlaybook(file).plays.map(({ handlers }) => handlers.map(({ role }) => role?.name));
    expect(roles[0]).not.toContain('monitoring');
    expect(roles.at(-1)).toContain('monitoring');
  });
});

describe('a unit of a service', () => {
  const units: [string, string, string][] = [
    ['nginx', 'nginx.service.conf.j2', 'nginx_sandbox'],
    ['balancer', 'haproxy.service.conf.j2', 'balancer_sandbox'],
    ['mysql', 'mysql.service.conf.j2', 'mysql_sandbox'],
    ['exporters', 'node-exporter.conf.j2', 'exporters_sandbox'],
    ['exporters', 'nginx-exporter.conf.j2', 'exporters_sandbox'],
    ['exporters', 'mtail.conf.j2', 'exporters_sandbox'],
    ['exporters', 'mysqld-exporter.conf.j2', 'exporters_sandbox'],
    ['monitoring', 'sandboxed.conf.j2', 'monitoring_sandbox'],
  ];

  it.each(units)('of role %s (%s) gains no privileges, unless %s is false', (role, template, variable) => {
    const lines = renderTemplate(role, template).split('\n');
    expect(lines.filter((line) => line === '[Service]')).toHaveLength(1);
    expect(lines).toContain('NoNewPrivileges=true');
    expect(lines).toContain('SystemCallErrorNumber=EPERM');
    expect(lines.filter((line) => !/^(#.*|\[\w+\]|[A-Z]\w+=[^=]*|)$/.test(line))).toEqual([]);
    const families = lines.filter((line) => line.startsWith('RestrictAddressFamilies='));
    expect(families).toHaveLength(1);
    expect(renderTemplate(role, template, { variables: { [variable]: false } })).not.toMatch(
      /NoNewPrivileges|CapabilityBoundingSet/,
    );
  });

  it('of the node exporter sees the file systems as they are mounted', () => {
    expect(renderTemplate('exporters', 'node-exporter.conf.j2')).toMatch(
      /ProtectProc=invisible[\s\S]*ProtectProc=default/,
    );
  });
});
