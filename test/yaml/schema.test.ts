import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { parseYaml } from '../../src/yaml/located.ts';
import { keysAt, schemaProblems } from '../../src/yaml/schema.ts';

const schema = z
  .strictObject({
    name: z.string(),
    state: z.enum(['present', 'absent']).default('present'),
    count: z.int().optional(),
    words: z.union([z.string(), z.array(z.string())]).optional(),
    port: z
      .preprocess((value) => value, z.number({ error: 'expected a port' }).max(65535, 'ports end at 65535'))
      .optional(),
    flows: z
      .array(z.strictObject({ from: z.string(), to: z.string().meta({ aliases: ['dest'] }) }))
      .optional(),
  })
  .refine((value) => value.name !== 'both' || value.words === undefined, 'give only one of name and words');

const isOpen = (value: unknown) => typeof value === 'string' && value.includes('{{');

const mayBeOmitted = (value: unknown) => isOpen(value) && String(value).includes('omit');

function said(text: string): string[] {
  return schemaProblems(schema, parseYaml(text, 'x.yaml'), { what: 'thing', isOpen, mayBeOmitted }).map(
    ({ place, message, hint }) => `${place?.line}:${place?.column} ${message}${hint ? ` (${hint})` : ''}`,
  );
}

describe('words for what a schema finds', () => {
  it.each([
    ['name: x', []],
    ['nam: x', ['1:1 thing has no parameter nam (did you mean name?)']],
    ['{}', ['1:1 thing needs the parameter name']],
    ['name: x\nrepository: "{{ repository | default(omit) }}"', []],
    [
      'name: x\nrepository: "{{ repository }}"',
      ['2:1 thing has no parameter repository (it has name, state, count, words, port, flows)'],
    ],
    ['name: x\nzzzz: 1', ['2:1 thing has no parameter zzzz (it has name, state, count, words, port, flows)']],
    [
      'name: x\nstate: presnt',
      ['2:8 thing: state must be one of present, absent, not "presnt" (did you mean present?)'],
    ],
    ['name: 5', ['1:7 thing: name must be text, not 5']],
    ['name: x\ncount: [1]', ['2:8 thing: count must be a number, not a list']],
    ['name: x\nwords: {a: b}', ['2:8 thing: words must be text or a list, not a mapping']],
    ['name: x\nport: a', ['2:7 thing: port: expected a port, not "a"']],
    ['name: x\nport: 70000', ['2:7 thing: port: ports end at 65535']],
    [
      'name: x\nflows:\n  - from: a\n    ot: b',
      ['4:5 thing: flows[0] has no parameter ot (did you mean to?)'],
    ],
    ['name: x\nflows:\n  - from: a', ['3:5 thing: flows[0] needs the parameter to']],
    ['name: both\nwords: a', ['1:1 thing: give only one of name and words']],
  ])('%j', (text, expected) => expect(said(text)).toEqual(expected));
});

it('says nothing of values that are not known yet', () => {
  expect(
    said('name: "{{ x }}"\nstate: "{{ y }}"\ncount: "{{ z }}"\nport: "{{ z }}"\nwords: "{{ z }}"'),
  ).toEqual([]);
  expect(said('name: x\nflows: "{{ flows }}"')).toEqual([]);
  expect(said('name: x\nflows: ["{{ flow }}"]')).toEqual([]);
  expect(said('name: both\nwords: "{{ words }}"')).toEqual([]);
});

it('but knows keys even then', () =>
  expect(said('name: "{{ x }}"\nstat: "{{ y }}"')).toEqual([
    '2:1 thing has no parameter stat (did you mean state?)',
  ]));

it('lists keys with their aliases', () => {
  expect(keysAt(schema, ['flows', 0])).toEqual(['from', 'to', 'dest']);
  expect(keysAt(z.record(z.string(), z.string()))).toEqual([]);
});
