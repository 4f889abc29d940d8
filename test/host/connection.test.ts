import { homedir, userInfo } from 'node:os';
import { describe, expect, test } from 'vitest';
import { ProjectError } from '../../src/errors.ts';
import { type ConnectionSettings, connectionSettings } from '../../src/host/connection.ts';

const settings = (variables: Record<string, unknown>) =>
  connectionSettings('web1', (variable) => variables[variable]);

describe('connection settings', () => {
  test('without any variable', () => {
    expect(settings({})).toMatchObject({
      name: 'web1',
      connection: 'ssh',
      address: 'web1',
      port: 22,
      user: userInfo().username,
      identityFiles: [],
      connectTimeout: 10,
    });
    expect(settings({}).knownHostsFiles).toContain(`${userInfo().homedir}/.ssh/known_hosts`);
    expect(settings({}).knownHostsFiles).toContain('/etc/ssh/ssh_known_hosts');
  });

  const cases: [Record<string, unknown>, Partial<ConnectionSettings>][] = [
    [
      { ansible_host: '198.18.0.11', ansible_port: '2222', ansible_user: 'admin' },
      { address: '198.18.0.11', port: 2222, user: 'admin' },
    ],
    [{ ansible_connection: 'ansible.builtin.local' }, { connection: 'local' }],
    [{ ansible_ssh_private_key_file: '~/.ssh/lab' }, { identityFiles: [`${homedir()}/.ssh/lab`] }],
    [{ ansible_ssh_common_args: '-o Port=2200 -oUser=root' }, { port: 2200, user: 'root' }],
    [
      { ansible_port: 22, ansible_ssh_common_args: '-p 2200 -l root -i /k' },
      { port: 22, user: 'root', identityFiles: ['/k'] },
    ],
    [
      { ansible_ssh_common_args: '-o connecttimeout=3', ansible_ssh_extra_args: '-o ConnectTimeout=9' },
      { connectTimeout: 3 },
    ],
    [{ ansible_ssh_common_args: "-o 'HostKeyAlias web1.foobar.com'" }, { hostKeyAlias: 'web1.foobar.com' }],
    [
      { ansible_ssh_common_args: '-o IdentitiesOnly=yes -o StrictHostKeyChecking=yes' },
      { identitiesOnly: true },
    ],
    [
      { ansible_ssh_common_args: '-o "UserKnownHostsFile=/a /c" -o GlobalKnownHostsFile=none' },
      { knownHostsFiles: ['/a', '/c'] },
    ],
    [
      { ansible_ssh_common_args: '-o UserKnownHostsFile=/state/known_hosts' },
      { knownHostsFiles: ['/state/known_hosts', '/etc/ssh/ssh_known_hosts', '/etc/ssh/ssh_known_hosts2'] },
    ],
  ];
  test.each(cases)('%j', (variables, expected) => {
    expect(settings(variables)).toMatchObject(expected);
  });

  test.each([
    [{ ansible_port: 'many' }, 'ansible_port is "many"'],
    [{ ansible_port: 0 }, 'ansible_port is "0"'],
    [{ ansible_connection: 'winrm' }, 'ansible_connection is "winrm"'],
    [{ ansible_become_method: 'pbrun' }, 'ansible_become_method is "pbrun"'],
    [{ ansible_ssh_common_args: '-o StrictHostKeyChecking=no' }, 'would accept any host'],
    [{ ansible_ssh_common_args: '-o ForwardAgent=yes' }, '"-o ForwardAgent=yes"'],
    [{ ansible_ssh_common_args: '-J bastion,bastion:x' }, 'ProxyJump "bastion:x"'],
    [{ ansible_connection: 'paramiko' }, 'ansible_connection is "paramiko"'],
    [{ ansible_ssh_common_args: '-A' }, '"-A"'],
  ])('refuses %j', (variables, message) => {
    expect(() => settings(variables)).toThrow(ProjectError);
    expect(() => settings(variables)).toThrow(message);
  });
});
