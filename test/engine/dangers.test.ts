import { describe, expect, it } from 'vitest';
import { dangers } from '../../src/engine/dangers.ts';
import { accessWays } from '../../src/host/rollback-ways.ts';
import { loadModule } from '../../src/modules/registry.ts';
import type { Scope } from '../../src/template/scope.ts';

const scopeOf = (variables: Readonly<Record<string, unknown>> = {}) =>
  ({ has: (name: string) => name in variables, get: (name: string) => variables[name] }) as unknown as Scope;

const of = async (
  name: string,
  want: unknown,
  { login = 'admin', variables = {} }: { login?: string; variables?: Readonly<Record<string, unknown>> } = {},
) => dangers(await loadModule(name), want, [], scopeOf(variables), login);

describe('what a change may close', () => {
  it.each([
    ['copy', { dest: '/etc/ssh/sshd_config' }, ['ssh']],
    ['template', { dest: '/etc/sudoers.d/60-admin' }, ['sudo']],
    ['lineinfile', { path: '/etc/default/ufw' }, ['firewall']],
    ['copy', { dest: '/srv/www' }, []],
    ['firewall', {}, ['firewall']],
    ['ufw', {}, ['firewall']],
    ['systemd', { name: 'ssh' }, ['ssh']],
    ['systemd', {}, []],
    ['service', { name: 'nginx' }, []],
    ['user', { name: 'admin' }, ['account']],
    ['user', { name: 'deploy' }, []],
    ['authorized_key', { user: 'admin', state: 'present', exclusive: true }, ['account']],
    ['authorized_key', { user: 'admin', state: 'absent', exclusive: false }, ['account']],
    ['authorized_key', { user: 'admin', state: 'present', exclusive: false }, []],
    ['stat', { path: '/etc/ssh/sshd_config' }, []],
    ['command', { _raw_params: 'ufw status' }, []],
  ])('%s %j', async (name, want, ways) => {
    expect(await of(name, want)).toEqual(ways);
  });

  it('is what the task says of it', async () => {
    expect(await of('command', {}, { variables: { confirm_access: true } })).toEqual(accessWays);
    expect(await of('ufw', {}, { variables: { confirm_access: false } })).toEqual([]);
    expect(await of('ufw', {}, { variables: { confirm_access: null } })).toEqual(['firewall']);
  });
});
