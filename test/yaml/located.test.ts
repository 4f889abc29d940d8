import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { dump } from 'js-yaml';
import { afterAll, describe, expect, it } from 'vitest';
import { ProjectError } from '../../src/errors.ts';
import { Float } from '../../src/yaml/float.ts';
import { keyPlaceOf, parseYaml, placeAt, placeOf, readYamlFile, Unsafe } from '../../src/yaml/located.ts';

const read = (text: string): unknown => parseYaml(text, 'x.yaml');

function mistakes(text: string): string[] {
  try {
    read(text);
  } catch (error) {
    if (!(error instanceof ProjectError)) throw error;
    return error.problems.map(
      ({ place, message, hint }) =>
        `${place?.line}:${place?.column} ${message}${hint === undefined ? '' : ` (${hint})`}`,
    );
  }
  return [];
}

describe('a file that is not there', () => {
  const folder = mkdtempSync(join(tmpdir(), 'foobar-located-'));
  writeFileSync(join(folder, 'prod.yaml'), '');
  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  it.each([
    ['prdo.yaml', 'prod.yaml'],
    ['unlike', undefined],
  ])('%s: is another meant?', (name, meant) =>
    expect(() => readYamlFile(join(folder, name))).toThrow(
      expect.objectContaining({
        problems: [
          {
            message: `cannot read ${join(folder, name)}: no such file`,
            hint: meant && `did you mean ${join(folder, meant)}?`,
            severity: 'error',
          },
        ],
      }),
    ),
  );
});

describe('plain scalars mean what they mean in PyYAML', () => {
  it.each([
    ['yes', true],
    ['On', true],
    ['no', false],
    ['OFF', false],
    ['y', 'y'],
    ['N', 'N'],
    ['0644', 420],
    ["'0644'", '0644'],
    ['0o644', '0o644'],
    ['1_000', 1000],
    ['0x1f', 31],
    ['1.5', 1.5],
    ['1e3', '1e3'],
    ['~', null],
    ['', null],
    ['null', null],
    ['2026-08-01', '2026-08-01'],
    ['10.0.0.1', '10.0.0.1'],
    ['"yes"', 'yes'],
    ['!!str 12', '12'],
    ['!!int "12"', 12],
    ['!!float 1', new Float(1)],
    ['!!bool "yes"', true],
  ])('%s', (text, value) => expect(read(`a: ${text}\n`)).toEqual({ a: value }));
});

describe('structure', () => {
  it('reads lists, mappings and block texts', () => {
    const text =
      '---\n- name: x\n  list: [1, {b: c}]\n  text: |\n    one\n    two\n  fold: >-\n    one\n    two\n';
    expect(read(text)).toEqual([{ name: 'x', list: [1, { b: 'c' }], text: 'one\ntwo\n', fold: 'one two' }]);
  });

  it('keeps keys as they are written', () =>
    expect(read('80: a\non: b\n~: c\n__proto__: d\n')).toEqual(
      Object.defineProperty({ 80: 'a', on: 'b', '~': 'c' }, '__proto__', { value: 'd', enumerable: true }),
    ));

  it('gives null for an empty text', () => expect(read('# nothing\n')).toBe(null));

  it('resolves anchors and merge keys; own keys win, earlier merges win', () => {
    const text = 'a: &a {x: 1, y: 1}\nb: &b {y: 2, z: 2}\nc:\n  <<: [*a, *b]\n  x: 3\nd: *a\n';
    expect(read(text)).toEqual({
      a: { x: 1, y: 1 },
      b: { y: 2, z: 2 },
      c: { x: 3, y: 1, z: 2 },
      d: { x: 1, y: 1 },
    });
  });

  it('marks !unsafe texts, also inside lists and mappings', () => {
    expect(read('a: !unsafe "{{ x }}"\nb: !unsafe [c, 1]\n')).toEqual({
      a: new Unsafe('{{ x }}'),
      b: [new Unsafe('c'), 1],
    });
    expect((read('a: !unsafe "{{ x }}"') as { a: unknown }).a).toBeInstanceOf(Unsafe);
  });
});

describe('places', () => {
  const value = read(
    '# first\n- name: "a"\n  when:\n  list:\n    - x\n    - y: 1\n  text: |\n    body\n',
  ) as [{ list: unknown[] }];
  const [task] = value;

  it.each([
    ['the mapping', placeOf(task), 2, 3],
    ['a quoted value, inside its quotes', placeOf(task, 'name'), 2, 10],
    ['an empty value: its key', placeOf(task, 'when'), 3, 3],
    ['a key', keyPlaceOf(task, 'list'), 4, 3],
    ['an item', placeOf(task.list, 0), 5, 7],
    ['a block text: its first letter', placeOf(task, 'text'), 8, 5],
    ['a path', placeAt(value, [0, 'list', 1, 'y']), 6, 10],
    ['a path that ends early: what holds it', placeAt(value, [0, 'list', 7]), 5, 5],
  ])('%s', (_, place, line, column) => expect(place).toEqual({ file: 'x.yaml', line, column }));

  it('follows merged keys to where they are written', () => {
    const merged = read('a: &a\n  x: 1\nb:\n  <<: *a\n') as { b: object };
    expect(placeOf(merged.b, 'x')).toEqual({ file: 'x.yaml', line: 2, column: 6 });
  });
});

describe('mistakes', () => {
  it.each([
    ['a: 1\n\tb: 2\n', ['2:1 a tab character is used for indentation (indent with spaces)']],
    ['a: 1\nb: 2\na: 3\n', ['3:1 a is written twice here (the first is in line 1)']],
    ['a: {{ x }}\n', ['1:4 a value that starts with {{ needs quotes (write "{{ name }}")']],
    [
      'a: {{ x }}/y\n',
      ['1:11 this is not a valid mapping entry (a value that starts with {{ needs quotes: "{{ name }}")'],
    ],
    ['a: b: c\n', ['1:5 this is not a valid mapping entry (a value that holds ": " needs quotes)']],
    ['a: @x\n', ['1:4 this is not a valid mapping entry (a value that starts with @, ` or % needs quotes)']],
    ['a: *x\n', ['1:4 *x refers to no anchor above it']],
    ['a: [1,\n', ['2:1 a quote or bracket is not closed, or a line is not indented enough']],
    ['- a\nb: 1\n', ['2:1 this line does not fit the indentation above it']],
    [
      'copy:\n  dest: /x\n   content: y\n',
      [
        '3:4 this line does not fit the indentation above it (it has 3 spaces before it, more than line 2 above, which holds a value already: with 2 it stands beside that)',
      ],
    ],
    [
      '- name: one\n  copy:\n    dest: /x\n # why\n   tags: z\n',
      [
        '5:4 this line does not fit the indentation above it (it has 3 spaces before it; what it can belong to above begins after 4 or 2)',
      ],
    ],
    [
      '- a:\n  - b: 1\n   - c: 1\n',
      [
        '3:4 this line does not fit the indentation above it (it has 3 spaces before it; what it can belong to above begins after 4 or 2)',
      ],
    ],
    [
      '- name one\n  debug:\n',
      ['2:3 this line does not fit the indentation above it (is a colon missing after "name" in line 1?)'],
    ],
    [
      'a:\n  b: "x\nc: 1\n',
      [
        '3:1 a quote or bracket is not closed, or a line is not indented enough (the quote that opens in line 2 does not close there)',
      ],
    ],
    ['a: 1\n---\nb: 1\n', ['3:1 a file holds one YAML document (remove the second ---)']],
    [
      'a: !vault |\n  x\n',
      ['2:3 what follows !vault is not encrypted (foobar vault encrypt-string writes it)'],
    ],
    [
      '$ANSIBLE_VAULT;1.1;AES256\n',
      [
        '1:1 this file is encrypted: the encrypted text is damaged (take it from a backup, or encrypt it anew)',
      ],
    ],
    ['? [a]\n: b\n', ['1:3 a key must be a plain word, not a list or mapping']],
    ['a:\n  <<: 1\n', ['2:7 << takes a mapping or a list of mappings']],
  ])('%j', (text, expected) => expect(mistakes(text)).toEqual(expected));

  it('shows all that can be known at once', () =>
    expect(mistakes('a: !x 1\nb: !!int z\nb: 2\n')).toHaveLength(3));

  it('says that a file is not there', () =>
    expect(() => readYamlFile('/nonexistent/x.yaml')).toThrow(
      'cannot read /nonexistent/x.yaml: no such file',
    ));
});

it('reads back whatever is written', () => {
  const leaf = fc.oneof(fc.string(), fc.integer(), fc.boolean(), fc.constant(null));
  const key = fc.stringMatching(/^[a-z]{1,6}$/);
  const { tree } = fc.letrec((tie) => ({
    tree: fc.oneof({ depthSize: 'small' }, leaf, fc.array(tie('tree')), fc.dictionary(key, tie('tree'))),
  }));
  fc.assert(
    fc.property(tree, (value) => {
      expect(read(dump(value, { lineWidth: -1 }))).toEqual(value === undefined ? null : value);
    }),
    { numRuns: 200 },
  );
});

it('keeps a float that is whole apart from the whole number', () => {
  const { version, ports, plain } = parseYaml(
    'version: 8.0\nports: [1.0, 2.]\nplain: 8\n',
    'x.yaml',
  ) as Record<string, unknown>;
  expect(`${version} ${ports} ${plain}`).toBe('8.0 1.0,2.0 8');
  expect(JSON.stringify({ version, ports })).toBe('{"version":8,"ports":[1,2]}');
});
