import { describe, expect, it } from 'vitest';
import { waysOfPath, waysOfUnit } from '../../src/host/rollback-ways.ts';

describe('the ways that a path belongs to', () => {
  it.each([
    ['/etc/ssh/sshd_config.d/00-foobar.conf', ['ssh']],
    ['/etc/ssh/', ['ssh']],
    ['/etc/ssh_x', []],
    ['/etc/ufw/user.rules', ['firewall']],
    ['/etc/sudoers', ['sudo']],
    ['/etc/sudoers.d/60-admin', ['sudo']],
    ['/etc/pam.d/sshd', ['ssh', 'sudo']],
    ['/etc/systemd/network/10-lab.network', ['network']],
    ['/etc/systemd/system/ssh.service.d/limits.conf', ['ssh']],
    ['/etc/systemd/system/multi-user.target.wants/ufw.service', ['firewall']],
    ['/etc/systemd/system/nginx.service', []],
    ['/home/admin/.ssh/authorized_keys', ['account']],
    ['/home/admin', ['account']],
    ['/home/admin/notes', []],
    ['/home/other/.ssh/authorized_keys', []],
    ['/etc/../etc/shadow', ['account']],
    ['/etc/motd', []],
    ['/', ['ssh', 'firewall', 'network', 'sudo', 'account']],
  ])('%s', (path, ways) => {
    expect(waysOfPath(path, 'admin')).toEqual(ways);
  });

  it('know the home of root', () => {
    expect(waysOfPath('/root/.ssh', 'root')).toEqual(['account']);
    expect(waysOfPath('/root/.ssh', 'admin')).toEqual([]);
  });
});

describe('the ways that a unit belongs to', () => {
  it.each([
    ['ssh', ['ssh']],
    ['sshd.service', ['ssh']],
    ['ufw', ['firewall']],
    ['systemd-networkd', ['network']],
    ['nginx', []],
  ])('%s', (name, ways) => {
    expect(waysOfUnit(name)).toEqual(ways);
  });
});
