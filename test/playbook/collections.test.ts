import { describe, expect, it } from 'vitest';
import { homeOf, moduleName } from '../../src/playbook/collections.ts';

describe('names of modules', () => {
  it.each([
    ['apt', 'apt'],
    ['ansible.builtin.apt', 'apt'],
    ['ansible.legacy.command', 'command'],
    ['community.mysql.mysql_user', 'mysql_user'],
    // ansible-core leads these to where they moved.
    ['ansible.builtin.ini_file', 'ini_file'],
    ['ansible.legacy.authorized_key', 'authorized_key'],
    ['ansible.posix.sysctl', 'sysctl'],
  ])('%s', (written, short) => expect(moduleName(written)).toEqual({ short }));

  it.each([
    [
      'ansible.builtin.mysql_role',
      'ansible.builtin has no module mysql_role',
      'it is community.mysql.mysql_role',
    ],
    ['community.general.copy', 'community.general has no module copy', 'it is ansible.builtin.copy'],
    ['ansible.posix.ini_file', 'ansible.posix has no module ini_file', 'it is community.general.ini_file'],
    ['ansible.builtin.firewall', 'ansible.builtin has no module firewall', undefined],
    ['ansible.bultin.apt', 'there is no collection ansible.bultin here', 'it is ansible.builtin.apt'],
    ['community.docker.docker_image', 'there is no collection community.docker here', undefined],
    ['community.crypto.openssh_keypair', 'there is no collection community.crypto here', undefined],
    ['comunity.generl.ufw', 'there is no collection comunity.generl here', 'it is community.general.ufw'],
    ['ansible.possix.fact', 'there is no collection ansible.possix here', 'did you mean ansible.posix?'],
  ])('%s', (written, message, hint) =>
    expect(moduleName(written).problem).toMatchObject({ message, ...(hint === undefined ? {} : { hint }) }),
  );
});

it.each([
  ['apt', 'ansible.builtin'],
  ['mount', 'ansible.posix'],
  ['ufw', 'community.general'],
  ['mysql_db', 'community.mysql'],
  ['acme_certificate', undefined],
])('%s lives in %s', (name, home) => expect(homeOf(name)).toBe(home));
