import { describe, expect, it } from 'vitest';
import { identityOf } from '../../src/engine/identity.ts';
import type { Task } from '../../src/playbook/contract.ts';
import { Scope } from '../../src/template/scope.ts';

const root = { user: 'root' };

describe('as whom a task works on a host', () => {
  it.each<[string, Task['become'], Record<string, unknown>, 'login' | { user: string }]>([
    ['as whoever logs in, when nobody says more', {}, {}, 'login'],
    ['as root by the task', { become: true }, {}, root],
    ['as another by the task', { become: true, user: '{{ app }}' }, { app: 'site' }, { user: 'site' }],
    ['as root by the host', {}, { ansible_become: true }, root],
    ['as the host says rather than the task', { become: true }, { ansible_become: false }, 'login'],
    ['as the user of the host', { become: true, user: 'x' }, { ansible_become_user: 'y' }, { user: 'y' }],
    ['as the host that it is delegated to says', {}, { hostvars: { other: { ansible_become: true } } }, root],
    [
      'as the task says on a host that says nothing',
      { become: false },
      { ansible_become: true, hostvars: {} },
      'login',
    ],
  ])('%s', (who, become, variables, identity) => {
    const scope = new Scope([{ origin: 'test', values: variables }], { searchDirectories: [], check: false });
    const delegated = who.includes('delegated')
      ? 'other'
      : who.includes('says nothing')
        ? 'localhost'
        : undefined;
    expect(identityOf({ become } as Task, scope, delegated)).toEqual(identity);
  });
});
