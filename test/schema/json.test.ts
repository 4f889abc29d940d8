import { readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { beforeAll, describe, expect, it } from 'vitest';
import { schema } from '../../src/commands/schema.ts';
import type { SchemaKind } from '../../src/schema/json.ts';
import type { JsonSchema } from '../../src/schema/parameters.ts';
import { parseYaml, readYamlFile } from '../../src/yaml/located.ts';
import { captured } from '../commands/output.ts';
import { wrong } from './validate.ts';

const root = fileURLToPath(new URL('../../', import.meta.url));
const schemas = new Map<SchemaKind, JsonSchema>();

beforeAll(async () => {
  for (const kind of ['playbook', 'tasks', 'role', 'inventory'] as const) {
    const { stdout } = await captured(() => schema(kind));
    schemas.set(kind, JSON.parse(stdout));
  }
});

const mistakes = (kind: SchemaKind, value: unknown) => wrong(schemas.get(kind), plain(value));

/** `!unsafe` and `!vault` texts are texts to an editor. */
function plain(value: unknown): unknown {
  return JSON.parse(JSON.stringify(value, (_key, item) => item));
}

/** Files of a kind below a folder, by where roles and playbooks keep them. */
function files(folder: string, pattern: RegExp): string[] {
  return readdirSync(join(root, folder), { recursive: true, encoding: 'utf8' })
    .filter(
      (name) => pattern.test(name) && /\.ya?ml$/.test(name) && statSync(join(root, folder, name)).isFile(),
    )
    .map((name) => join(root, folder, name));
}

const correct = ['playbooks', 'test/check/correct'];
const cases: [SchemaKind, string[]][] = [
  ['tasks', correct.flatMap((folder) => files(folder, /(^|\/)(tasks|handlers)\/[^/]+$/))],
  ['role', correct.flatMap((folder) => files(folder, /\/meta\/main\.ya?ml$/))],
  ['playbook', correct.flatMap((folder) => files(folder, /(^|\/)site\.ya?ml$/))],
  [
    'inventory',
    [...files('inventory', /^[^/]+$/), ...files('test/check/correct', /(^|\/)inventory\.ya?ml$/)],
  ],
];

describe('the JSON schemas', () => {
  it.each(cases)('of %s find no mistake in correct files', (kind, names) => {
    expect(names.length).toBeGreaterThan(0);
    for (const name of names) expect([name, mistakes(kind, readYamlFile(name))]).toEqual([name, []]);
  });

  it.each<[SchemaKind, string, string[]]>([
    ['playbook', '- hosts: all\n  taks: []', ['[0].taks']],
    ['playbook', '- tasks: []', ['[0].hosts']],
    ['playbook', '- hosts: all\n  become: perhaps', ['[0].become']],
    ['playbook', '- import_playbook: web.yaml\n  when: x', []],
    ['tasks', '- apt: {nmae: nginx}', ['[0].apt.nmae']],
    ['tasks', '- apt: {name: nginx, state: "{{ wanted }}", update_cache: yes}', []],
    ['tasks', '- ansible.builtin.apt: {pkg: [a, b], cache_valid_time: "3600"}', []],
    ['tasks', '- apt: name=nginx', []],
    ['tasks', '- file: {state: directory}', ['[0].file.path']],
    ['tasks', '- file: {dest: /x, state: folder}', ['[0].file.state']],
    ['tasks', '- no_such_module: {}', ['[0].no_such_module']],
    ['tasks', '- block:\n    - apt: {nmae: x}\n  rescue: []', ['[0].block[0].apt.nmae']],
    ['tasks', '- command: echo hi\n  with_items: [1]\n  register: x', []],
    ['tasks', '- set_fact: {any: 1, name: 2}', []],
    ['role', 'dependencies: [common, {role: web, vars: {a: 1}}]', []],
    [
      'role',
      'argument_specs: {main: {options: {port: {type: number}}}}',
      ['.argument_specs.main.options.port.type'],
    ],
    ['inventory', 'all: {hots: {}}', ['.all.hots']],
    ['inventory', 'all: {children: {web: {hosts: {web1: }, vars: {a: 1}}}}', []],
  ])('of %s: %j', (kind, text, expected) => expect(mistakes(kind, parseYaml(text, 'x'))).toEqual(expected));
});
