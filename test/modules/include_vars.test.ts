import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Host } from '../../src/host/contract.ts';
import type { Context } from '../../src/modules/contract.ts';
import includeVars from '../../src/modules/include_vars.ts';

const folder = mkdtempSync(join(tmpdir(), 'foobar-include-vars-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

beforeAll(() => {
  mkdirSync(join(folder, 'dir/deep/deeper'), { recursive: true });
  const files = {
    'one.yml': 'a: 1\nb: { x: 1, y: 2 }',
    'empty.yml': '',
    'list.yml': '- 1',
    'broken.yml': 'a: [',
    'dir/1.yml': 'a: first',
    'dir/2.yaml': 'a: second\nb: "{{ a }}"',
    'dir/3.json': '{"c": 3}',
    'dir/4.bak': 'a: backup',
    'dir/deep/5.yml': 'd: deep',
    'dir/deep/deeper/6.yml': 'e: deeper',
  };
  for (const [name, text] of Object.entries(files)) writeFileSync(join(folder, name), text);
});

function run(args: Record<string, unknown>, variables: Record<string, unknown> = {}) {
  if (includeVars.kind !== 'action') throw new Error('not an action');
  const context = {
    find: (_kind: string, name: string) => join(folder, name),
    variable: (name: string) => variables[name],
  } as unknown as Context;
  return includeVars.run(includeVars.params.parse(args), undefined as unknown as Host, context);
}

describe('include_vars', () => {
  it.each<[string, Record<string, unknown>, unknown]>([
    ['a file', { file: 'one.yml' }, { a: 1, b: { x: 1, y: 2 } }],
    ['an empty file', { file: 'empty.yml' }, {}],
    ['a file under a name', { file: 'one.yml', name: 'n' }, { n: { a: 1, b: { x: 1, y: 2 } } }],
    [
      'a folder, the later file first to count',
      { dir: 'dir', ignore_files: ['bak'] },
      { a: 'second', b: '{{ a }}', c: 3, d: 'deep', e: 'deeper' },
    ],
    [
      'a folder so deep',
      { dir: 'dir', depth: 2, ignore_unknown_extensions: true, extensions: 'yml' },
      { a: 'first', d: 'deep' },
    ],
    ['files that match', { dir: 'dir', files_matching: '^[35]' }, { c: 3, d: 'deep' }],
    [
      'files with other extensions',
      { dir: 'dir', files_matching: 'bak', extensions: ['bak'] },
      { a: 'backup' },
    ],
  ])('reads %s', async (_what, args, included) => {
    const result = await run(args);
    expect(result).toMatchObject({ changed: false, included, values: { ansible_facts: included } });
  });

  it('merges dicts into what is there when told to', async () => {
    const { included } = await run(
      { file: 'one.yml', hash_behaviour: 'merge' },
      { b: { y: 0, z: 3 }, a: { old: 1 } },
    );
    expect(included).toEqual({ a: 1, b: { x: 1, y: 2, z: 3 } });
  });

  it.each<[Record<string, unknown>, string]>([
    [{ file: 'list.yml' }, 'must be stored as a dictionary/hash'],
    [{ file: 'broken.yml' }, 'broken.yml:1'],
    [{ dir: 'dir' }, '4.bak does not have a valid extension: yaml, yml, json'],
    [{ dir: 'one.yml' }, 'is not a directory'],
  ])('refuses %j', async (args, message) => {
    await expect(run(args)).rejects.toThrow(message);
  });

  it('takes a file or a folder, not both', () => {
    expect(includeVars.params.safeParse({ file: 'a', dir: 'b' }).success).toBe(false);
    expect(includeVars.params.safeParse({}).success).toBe(false);
  });
});
