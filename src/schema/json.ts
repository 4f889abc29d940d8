import type { Module } from '../modules/contract.ts';
import { homeOf } from '../playbook/collections.ts';
import {
  inclusions,
  type Keyword,
  keywords,
  keywordsOf,
  rawWords,
  type Where,
} from '../playbook/keywords.ts';
import { type JsonSchema, type Parameter, parametersOf } from './parameters.ts';

/** What there is a schema for. */
export const schemaKinds = ['playbook', 'tasks', 'role', 'inventory'] as const;
export type SchemaKind = (typeof schemaKinds)[number];

const template: JsonSchema = { type: 'string', pattern: '\\{\\{|\\{%' };
const text: JsonSchema = { type: ['string', 'number', 'boolean'] };
const ref = (name: string): JsonSchema => ({ $ref: `#/$defs/${name}` });
const listOf = (items: JsonSchema): JsonSchema => ({ type: 'array', items });
const oneOrMany = (items: JsonSchema): JsonSchema => ({ anyOf: [items, listOf(items)] });

/** YAML's booleans, the words that Ansible reads as such, and templates. */
const flag: JsonSchema = {
  anyOf: [
    { type: 'boolean' },
    { enum: [0, 1] },
    {
      type: 'string',
      pattern: '^([Yy]es|[Nn]o|[Oo]n|[Oo]ff|[Tt]rue|[Ff]alse|YES|NO|ON|OFF|TRUE|FALSE|[01ynYN])$',
    },
    template,
  ],
};
const number: JsonSchema = {
  anyOf: [{ type: 'number' }, { type: 'string', pattern: '^\\s*-?[0-9.]+\\s*$' }, template],
};

/**
 * A JSON schema (draft 2020-12) for files of a kind, for editors. It refuses only what foobar refuses too: templates
 * are taken everywhere, and Ansible's spellings of booleans, numbers and lists.
 */
export function jsonSchema(kind: SchemaKind, modules: ReadonlyMap<string, Module>): JsonSchema {
  const roots: Record<SchemaKind, JsonSchema> = {
    playbook: listOf(ref('play')),
    tasks: { type: ['array', 'null'], items: ref('task') },
    role: ref('meta'),
    inventory: { type: ['object', 'null'], additionalProperties: ref('group') },
  };
  const titles: Record<SchemaKind, string> = {
    playbook: 'Playbook',
    tasks: 'Tasks or handlers',
    role: 'meta/main.yaml of a role',
    inventory: 'Inventory',
  };
  const definitions: Record<SchemaKind, () => Record<string, JsonSchema>> = {
    playbook: () => ({ ...taskDefinitions(modules), play: playSchema(), roleEntry: roleSchema() }),
    tasks: () => taskDefinitions(modules),
    role: () => ({ roleEntry: roleSchema(), meta: metaSchema(), option: optionSchema() }),
    inventory: () => ({ group: groupSchema() }),
  };
  return {
    $schema: 'https://json-schema.org/draft/2020-12/schema',
    title: `${titles[kind]} of foobar`,
    ...roots[kind],
    $defs: definitions[kind](),
  };
}

function taskDefinitions(modules: ReadonlyMap<string, Module>): Record<string, JsonSchema> {
  const params = [...modules].map(([name, module]) => [`module-${name}`, moduleSchema(name, module)]);
  return {
    task: { anyOf: [blockSchema(), taskSchema([...modules.keys()])] },
    ...Object.fromEntries(params),
  };
}

function moduleSchema(name: string, module: Module): JsonSchema {
  const parameters = parametersOf(module);
  const properties: Record<string, JsonSchema> = {};
  for (const parameter of parameters) {
    const value = parameterSchema(parameter);
    for (const each of [parameter.name, ...parameter.aliases]) properties[each] = value;
  }
  const required = parameters.filter((parameter) => parameter.required && parameter.name !== module.freeForm);
  const free = module.freeForm !== undefined || rawWords.includes(name);
  const mapping: JsonSchema = {
    type: 'object',
    properties,
    // Some modules take names of the playbook's own: set_fact, add_host.
    additionalProperties: parameters.length === 0 || takesAny(module),
    ...(required.length > 0 && { allOf: required.map(isThere) }),
  };
  return {
    description: module.summary,
    anyOf: [mapping, { type: 'string' }, ...(free || required.length === 0 ? [{ type: 'null' }] : [])],
  };
}

function isThere({ name, aliases }: Parameter): JsonSchema {
  const names = [name, ...aliases];
  return names.length === 1 ? { required: names } : { anyOf: names.map((each) => ({ required: [each] })) };
}

function takesAny(module: Module): boolean {
  const { success, error } = module.params.safeParse({ 'no such parameter': 1 });
  return success || !error.issues.some((issue) => issue.code === 'unrecognized_keys');
}

function parameterSchema(parameter: Parameter): JsonSchema {
  const { description, default: standard } = parameter;
  return {
    description,
    ...(standard !== undefined && { default: standard }),
    ...valueSchema(parameter),
  };
}

function valueSchema({ type, choices, lenient }: Parameter): JsonSchema {
  if (choices) return { anyOf: [{ enum: choices }, lenient ? text : template] };
  if (type === 'bool') return flag;
  if (type === 'int' || type === 'float') return number;
  if (type === 'str') return text;
  if (type === 'list') return { anyOf: [{ type: 'array' }, text] };
  if (type === 'dict') return { anyOf: [{ type: 'object' }, { type: 'string' }] };
  return {};
}

function keywordSchema(word: string, { kind, note }: Keyword): JsonSchema {
  const shapes: Readonly<Record<string, JsonSchema>> = {
    name: { type: ['string', 'number', 'boolean', 'null'] },
    vars: { type: ['object', 'null'] },
    args: { type: ['object', 'string'] },
    environment: { type: ['object', 'array', 'string', 'null'] },
    tags: oneOrMany(text),
    notify: oneOrMany(text),
    listen: oneOrMany(text),
    hosts: oneOrMany(text),
    serial: oneOrMany(text),
    register: { type: 'string' },
    loop_control: { type: 'object' },
    module_defaults: { type: ['object', 'array'] },
    roles: { type: ['array', 'null'], items: { anyOf: [{ type: 'string' }, ref('roleEntry')] } },
    vars_files: oneOrMany({ type: ['string', 'array'] }),
    vars_prompt: { type: ['array', 'object', 'null'] },
    order: { enum: ['inventory', 'sorted', 'reverse_sorted', 'reverse_inventory', 'shuffle'] },
  };
  const lists = ['tasks', 'pre_tasks', 'post_tasks', 'handlers', 'block', 'rescue', 'always'];
  const shape = lists.includes(word)
    ? { type: ['array', 'null'], items: ref('task') }
    : (shapes[word] ?? { boolean: flag, number, text, any: {} }[kind]);
  return note === undefined ? shape : { description: note, ...shape };
}

function keywordSchemas(where: Where): Record<string, JsonSchema> {
  const entries = keywordsOf(where).map((word) => [word, keywordSchema(word, keywords[word] as Keyword)]);
  return Object.fromEntries(entries);
}

function playSchema(): JsonSchema {
  const imported = ['import_playbook', 'ansible.builtin.import_playbook'];
  const imports = imported.map((word) => ({
    type: 'object',
    properties: { ...keywordSchemas('import'), [word]: { type: 'string' } },
    required: [word],
    additionalProperties: false,
  }));
  const play = {
    type: 'object',
    properties: keywordSchemas('play'),
    required: ['hosts'],
    additionalProperties: false,
  };
  return { anyOf: [play, ...imports] };
}

/** Handlers and tasks: a handler may stand wherever a task may in a file of its own. */
function taskSchema(modules: readonly string[]): JsonSchema {
  const properties: Record<string, JsonSchema> = { ...keywordSchemas('task'), ...keywordSchemas('handler') };
  for (const name of modules)
    for (const written of writtenNames(name)) properties[written] = ref(`module-${name}`);
  for (const written of ['meta', 'ansible.builtin.meta']) properties[written] = { type: 'string' };
  for (const name of inclusions)
    for (const written of [name, `ansible.builtin.${name}`])
      properties[written] = { type: ['object', 'string', 'null'] };
  return {
    type: 'object',
    properties,
    patternProperties: { '^with_': {} },
    additionalProperties: false,
  };
}

function writtenNames(module: string): string[] {
  const home = homeOf(module);
  return home === undefined ? [module] : [module, `${home}.${module}`, `ansible.builtin.${module}`];
}

function blockSchema(): JsonSchema {
  const properties = keywordSchemas('block');
  return { type: 'object', properties, required: ['block'], additionalProperties: false };
}

/** Whatever is no keyword is a parameter of the role. */
function roleSchema(): JsonSchema {
  return {
    type: 'object',
    properties: keywordSchemas('role'),
    anyOf: [{ required: ['role'] }, { required: ['name'] }, { required: ['src'] }],
  };
}

function metaSchema(): JsonSchema {
  const dependency = { anyOf: [{ type: 'string' }, ref('roleEntry')] };
  return {
    type: ['object', 'null'],
    properties: {
      dependencies: { type: ['array', 'null'], items: dependency },
      allow_duplicates: flag,
      galaxy_info: { type: ['object', 'null'] },
      collections: { type: ['array', 'null'] },
      argument_specs: {
        type: 'object',
        additionalProperties: {
          type: ['object', 'null'],
          properties: { options: { type: ['object', 'null'], additionalProperties: ref('option') } },
        },
      },
    },
  };
}

function optionSchema(): JsonSchema {
  const kinds = 'bits bool bytes dict float int json jsonarg list path raw sid str'.split(' ');
  return {
    type: ['object', 'null'],
    properties: {
      type: { enum: kinds },
      elements: { enum: kinds },
      required: flag,
      default: {},
      choices: { type: 'array' },
      description: { type: ['string', 'array'] },
      no_log: flag,
      aliases: { type: 'array', items: { type: 'string' } },
      options: { type: 'object', additionalProperties: ref('option') },
    },
  };
}

function groupSchema(): JsonSchema {
  const anyKeys: JsonSchema = { type: ['object', 'null'] };
  return {
    type: ['object', 'null'],
    properties: {
      hosts: { type: ['object', 'null', 'string'], additionalProperties: anyKeys },
      vars: anyKeys,
      children: { type: ['object', 'null'], additionalProperties: ref('group') },
    },
    additionalProperties: false,
  };
}
