import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { differences } from '../../src/template/differences.ts';
import { keyValue } from '../../src/template/keys.ts';
import { Float, isFloat } from '../../src/template/numbers.ts';
import { Day } from '../../src/template/python.ts';
import { conditionHolds, omit, renderKeepingTypes, renderTemplateFile } from '../../src/template/render.ts';
import { Scope, UndefinedVariable } from '../../src/template/scope.ts';
import { parseYaml } from '../../src/yaml/located.ts';

/** What ansible-core 2.19 itself gave; test/template/record/record.py records it. */
interface Recorded {
  readonly kind: 'expression' | 'template' | 'condition' | 'file';
  readonly cases: readonly Case[];
}

interface Case {
  readonly text: string;
  readonly gives?: unknown;
  readonly fails?: string;
  readonly says?: string;
}

const folder = fileURLToPath(new URL('record/', import.meta.url));
const files = `${folder}files`;
const variables = parseYaml(readFileSync(`${folder}variables.yaml`, 'utf8'), 'variables.yaml') as Record<
  string,
  unknown
>;
process.env.RECORDED = 'from the environment';
process.env.TZ = 'UTC';

// Paths that are not absolute are looked for there, as the recorder did; it was root.
const before = process.cwd();
beforeAll(() => {
  process.chdir(files);
  vi.stubEnv('HOME', '/root');
});
afterAll(() => {
  process.chdir(before);
  vi.unstubAllEnvs();
});

function answer(kind: Recorded['kind'], text: string): unknown {
  const scope = new Scope([{ origin: 'recorded', values: variables }], {
    searchDirectories: [files],
    check: false,
  });
  if (kind === 'condition') return conditionHolds(text, scope);
  if (kind === 'file') {
    const [, options, body] = /^(?:options: (.*)\n)?([\s\S]*)$/.exec(text)!;
    return renderTemplateFile(body ?? '', `${files}/case.j2`, scope, options ? JSON.parse(options) : {});
  }
  const source = kind === 'expression' ? `{{ ${text} }}` : text.replaceAll('\\n', '\n');
  return renderKeepingTypes(source, scope);
}

/** The recorder's own JSON, which tells 2.0 from 2. */
function typed(value: unknown): unknown {
  if (typeof value === 'bigint') return { $int: String(value) };
  if (value instanceof Float || (typeof value === 'number' && !Number.isFinite(value)))
    return { $float: String(new Float(Number(value))) };
  if (typeof value === 'number')
    return isFloat(value) || Number.isSafeInteger(value) ? value : { $int: String(value) };
  if (value instanceof Day) return { $other: 'date' };
  if (value instanceof Date) return { $datetime: value.toISOString().replace(/\.000Z$/, '') };
  if (Array.isArray(value)) return value.map(typed);
  if (typeof value !== 'object' || value === null) return value;
  const entries = Object.entries(value).map(([key, item]) => [keyValue(key), typed(item)] as const);
  const plain = entries.every(
    ([key]) => typeof key === 'string' && !/^\d+$/.test(key) && !key.startsWith('$'),
  );
  if (!plain) return { $dict: entries.map(([key, item]) => [typed(key), item]) };
  return Object.fromEntries(entries);
}

function outcome(kind: Recorded['kind'], text: string): unknown {
  try {
    const value = answer(kind, text);
    return value === omit ? { fails: 'omit' } : { gives: typed(value) };
  } catch (error) {
    const { name } = error as Error;
    if (name === 'TypeError' || name === 'RangeError') throw error;
    return {
      fails: error instanceof UndefinedVariable ? 'undefined' : 'error',
      says: (error as Error).message,
    };
  }
}

function expected(each: Case, kind: Recorded['kind']): unknown {
  if (each.fails === undefined) return { gives: each.gives };
  if (each.fails === 'omit' && kind !== 'condition') return { fails: 'omit' };
  return { fails: each.fails === 'undefined' ? 'undefined' : 'error', says: expect.any(String) };
}

const names = [
  'operators',
  'methods',
  'templates',
  'files',
  'conditions',
  'tests',
  'filters-jinja',
  'filters-ansible',
  'addresses',
  'community',
  'json-query',
  'yaml-dump',
  'lookups',
];

describe.each(names)('what Ansible gave: %s', (name) => {
  const recorded = JSON.parse(
    readFileSync(new URL(`recorded/${name}.json`, import.meta.url), 'utf8'),
  ) as Recorded;
  const { kind } = recorded;
  const differs = (each: Case) => differences.some((difference) => difference.cases.includes(each.text));

  it.each(recorded.cases.filter((each) => !differs(each)))('$text', (each) => {
    expect(outcome(kind, each.text)).toEqual(expected(each, kind));
  });

  const known = recorded.cases.filter(differs);
  if (known.length > 0)
    it.each(known)('differs as it is said: $text', (each) => {
      expect(outcome(kind, each.text)).not.toEqual(expected(each, kind));
    });
});
