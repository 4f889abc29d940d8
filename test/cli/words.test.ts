import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { inventoryAndPlaybook, inventoryFirst } from '../../src/cli/words.ts';

const folder = mkdtempSync(join(tmpdir(), 'foobar-words-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));
const file = (name: string, text: string): string => {
  writeFileSync(join(folder, name), text);
  return join(folder, name);
};
mkdirSync(join(folder, 'inventory'));

describe('an inventory before other words', () => {
  const there = file('hosts', '[web]\n');
  it.each<[string[], string | undefined, string[]]>([
    [[there, 'web'], there, ['web']],
    [[join(folder, 'inventory'), 'web'], join(folder, 'inventory'), ['web']],
    [['gone.yaml', 'web'], 'gone.yaml', ['web']],
    [['inventory/gone', 'web'], 'inventory/gone', ['web']],
    [['web1,', 'all'], 'web1,', ['all']],
    [['web'], undefined, ['web']],
    [['web:!web1', 'uptime'], undefined, ['web:!web1', 'uptime']],
    [[there], undefined, [there]],
    [[], undefined, []],
  ])('of %j is %s', (words, inventory, rest) => {
    expect(inventoryFirst([...words, undefined])).toEqual({ inventory, rest });
  });
});

describe('inventory and playbook', () => {
  const hosts = file('hosts.yaml', '# hosts\n---\nall:\n  hosts:\n    - web1\n');
  const play = file('site.yml', '---\n# plays\n\n- hosts: all\n');
  const flow = file('flow.yaml', '[{hosts: all}]\n');

  it.each([
    [hosts, undefined, { inventory: hosts, playbook: undefined }],
    [hosts, play, { inventory: hosts, playbook: play }],
    [play, undefined, { playbook: play }],
    [flow, undefined, { playbook: flow }],
    [play, flow, { inventory: play, playbook: flow }],
    [join(folder, 'gone.yml'), undefined, { inventory: join(folder, 'gone.yml'), playbook: undefined }],
    [join(folder, 'inventory'), undefined, { inventory: join(folder, 'inventory'), playbook: undefined }],
    [undefined, undefined, { inventory: undefined, playbook: undefined }],
  ])('of %s and %s', (first, second, told) => {
    expect(inventoryAndPlaybook(first, second)).toEqual(told);
  });
});
