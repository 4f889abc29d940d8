import { existsSync, mkdirSync, mkdtempSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { mask } from '../../src/secrets.ts';
import { evaluate, runLookup } from '../../src/template/render.ts';
import { Scope } from '../../src/template/scope.ts';

const folder = mkdtempSync(join(tmpdir(), 'foobar-lookup-'));
for (const each of ['files', 'templates']) mkdirSync(join(folder, each));
writeFileSync(join(folder, 'files', 'a.txt'), 'content {{ x }}\n');
writeFileSync(join(folder, 'files', 'b.txt'), 'b');
writeFileSync(join(folder, 'templates', 'a.j2'), 'x is {{ x }}\n');

const scope = (check: boolean) =>
  new Scope([{ origin: 'test', values: { x: 5, folder, name: 'x' } }], {
    searchDirectories: [folder],
    check,
  });
const ask = (expression: string, check = false) => evaluate(expression, scope(check));

describe('lookups', () => {
  it.each<[string, unknown]>([
    ["lookup('file', 'a.txt')", 'content {{ x }}'],
    ["lookup('ansible.builtin.template', 'a.j2')", 'x is 5\n'],
    ["lookup('vars', name)", 5],
    ["lookup('vars', 'gone', default='d')", 'd'],
    ["query('items', [1, 2], 3)", [1, 2, 3]],
    ["q('dict', {'a': 1})", [{ key: 'a', value: 1 }]],
    ["query('sequence', 'start=1 end=3 format=web%02d')", ['web01', 'web02', 'web03']],
    ["query('sequence', start=0, count=2)", ['0', '1']],
    ["query('sequence', '2-6/2')", ['2', '4', '6']],
    ["lookup('env', 'FOOBAR_SURELY_UNSET', default='none')", 'none'],
    ["query('fileglob', '*.txt') | map('basename')", ['a.txt', 'b.txt']],
    ["lookup('first_found', ['gone.txt', 'files/b.txt']) | basename", 'b.txt'],
    ["query('first_found', 'b.txt', skip=true)", []],
    ["lookup('first_found', files=['b.txt'], paths=['files']) | basename", 'b.txt'],
    ["query('first_found', 'gone', skip=true)", []],
    ["query('file', 'gone', errors='ignore')", []],
    [
      "query('nested', [1, 2], ['a'])",
      [
        [1, 'a'],
        [2, 'a'],
      ],
    ],
  ])('%s', (expression, expected) => {
    expect(ask(expression)).toEqual(expected);
  });

  it('says where it looked', () => {
    expect(() => ask("lookup('file', 'gone')")).toThrow("file 'gone' is not found");
  });
});

describe('runLookup', () => {
  const loop = (name: string, terms: unknown) => runLookup(name, terms, scope(false));

  it.each<[string, unknown, unknown[]]>([
    ['items', [1, [2, [3]], '{{ [x, 6] }}'], [1, 2, [3], 5, 6]],
    ['items', '{{ [x, [6]] }}', [5, 6]],
    ['items', 'one', ['one']],
    ['items', { a: 1 }, [{ a: 1 }]],
    [
      'dict',
      { a: 1, b: '{{ x }}' },
      [
        { key: 'a', value: 1 },
        { key: 'b', value: 5 },
      ],
    ],
    ['sequence', 'start=0 end=2 format=x%02d', ['x00', 'x01', 'x02']],
    [
      'nested',
      [[1, 2], '{{ ["a", "b"] }}'],
      [
        [1, 'a'],
        [1, 'b'],
        [2, 'a'],
        [2, 'b'],
      ],
    ],
    [
      'together',
      [[1, 2], ['a']],
      [
        [1, 'a'],
        [2, null],
      ],
    ],
    [
      'indexed_items',
      ['a', ['b']],
      [
        [0, 'a'],
        [1, 'b'],
      ],
    ],
    [
      'subelements',
      [[{ n: 'u', k: [1, 2] }, { n: 'v' }], 'k', { skip_missing: true }],
      [
        [{ n: 'u' }, 1],
        [{ n: 'u' }, 2],
      ],
    ],
    ['first_found', ['gone.txt', '{{ nothing }}.txt', 'b.txt'], [join(folder, 'files', 'b.txt')]],
    ['first_found', [{ files: ['{{ nothing }}', 'b.txt'], skip: true }], [join(folder, 'files', 'b.txt')]],
    ['first_found', [{ files: ['gone'], skip: true }], []],
    ['fileglob', 'files/*.txt', [join(folder, 'files', 'a.txt'), join(folder, 'files', 'b.txt')]],
    ['lines', 'printf "a\\nb\\n"', ['a', 'b']],
  ])('with_%s: %j', (name, terms, expected) => {
    expect(loop(name, terms)).toEqual(expected);
  });

  it('fails for an undefined variable', () => {
    expect(() => loop('items', ['{{ nothing }}'])).toThrow("'nothing' is undefined");
  });
});

describe("lookup('password')", () => {
  it('makes one, keeps it private, and gives it again', () => {
    const path = join(folder, 'made', 'secret');
    const first = ask(`lookup('password', '${path} length=32 chars=hexdigits')`);
    expect(first).toMatch(/^[0-9a-fA-F]{32}$/);
    expect(ask(`lookup('password', folder ~ '/made/secret')`)).toBe(first);
    expect(readFileSync(path, 'utf8')).toBe(`${first}\n`);
    expect(statSync(path).mode & 0o777).toBe(0o600);
    expect(statSync(join(folder, 'made')).mode & 0o777).toBe(0o700);
    expect(mask(`it is ${first}`)).toBe('it is ********');
  });

  it('takes length and chars as arguments', () => {
    expect(ask(`lookup('password', '/dev/null', length=9, chars=['digits'])`)).toMatch(/^\d{9}$/);
    expect(ask(`lookup('password', '/dev/null')`)).toMatch(/^[\w.,:-]{20}$/);
  });

  it('writes nothing in check mode, and stays the same for the run', () => {
    const path = join(folder, 'never', 'secret');
    const first = ask(`lookup('password', '${path}')`, true);
    expect(ask(`lookup('password', '${path}')`, true)).toBe(first);
    expect(existsSync(join(folder, 'never'))).toBe(false);
  });

  it('hashes what it keeps with the salt that is kept', () => {
    writeFileSync(join(folder, 'hashed'), 'secret salt=saltsalt\n');
    expect(ask("lookup('password', 'hashed encrypt=sha512')")).toBe(
      '$6$rounds=656000$saltsalt$Vg7us3Hcq8rplCTNjwvGRwObM2xyfDZZ.XP2YLQ.ii85wAq/psu28uEfoMveNszsQWMgkWRxbZm2mBBlNn3.J0',
    );
  });

  it('looks for a relative path in the folder of the playbook', () => {
    expect(ask("lookup('password', 'beside length=8')")).toBe(
      ask(`lookup('password', '${join(folder, 'beside')}')`),
    );
  });

  it('refuses an empty file, and what it does not know', () => {
    writeFileSync(join(folder, 'empty'), '');
    expect(() => ask("lookup('password', folder ~ '/empty')")).toThrow('is empty');
    expect(() => ask("lookup('password', '/dev/null size=3')")).toThrow('Unrecognized parameter(s)');
  });
});
