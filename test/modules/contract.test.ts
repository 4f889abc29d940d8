import { existsSync, lstatSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { z } from 'zod';
import { loadModule, moduleNames } from '../../src/modules/registry.ts';
import { objectOf } from '../../src/modules/shared/params.ts';
import type { Example } from './examples/example.ts';
import { Bench } from './harness.ts';

/** Whose parameters are names that the playbook's author makes up. */
const open = ['set_fact', 'add_host'];

describe('registry', () => {
  it('is the folder, and loads nothing else', async () => {
    expect(moduleNames()).toEqual(expect.arrayContaining(['command', 'copy', 'file', 'template']));
    for (const no of ['contract', 'registry', 'shared']) expect(moduleNames()).not.toContain(no);
    await expect(loadModule('../errors')).rejects.toThrow(/no module/);
  });
});

describe.each(moduleNames())('%s', (name) => {
  it('says in one sentence what it is for', async () => {
    const { summary, kind } = await loadModule(name);
    expect(summary).toMatch(/^[A-Z].*\.$/s);
    expect(['state', 'action']).toContain(kind);
  });

  it('has a strict schema with every field described', async () => {
    const module = await loadModule(name);
    const object = objectOf(module.params);
    expect(object, 'params must be a strict object, made with moduleParams or withAliases').toBeDefined();
    if (!open.includes(name)) {
      const issues = module.params.safeParse({ 'no-such-parameter': 1 }).error?.issues ?? [];
      expect(issues.map((issue) => issue.code)).toContain('unrecognized_keys');
    }
    const schema = z.toJSONSchema(module.params, { io: 'input', unrepresentable: 'any' });
    for (const [field, { description }] of Object.entries(schema.properties ?? {}) as [
      string,
      z.core.JSONSchema.JSONSchema,
    ][])
      expect(`${field}: ${description}`).toMatch(/: \S.*\.$/s);
    for (const field of [module.freeForm, ...(module.expressions ?? [])])
      if (field !== undefined) expect(Object.keys(object!.shape)).toContain(field);
  });
});

const folder = new URL('./examples/', import.meta.url).pathname;
const withExamples = moduleNames().filter((name) => existsSync(join(folder, `${name}.ts`)));

describe.each(withExamples)('examples of %s', async (name) => {
  const { default: examples } = (await import(`./examples/${name}.ts`)) as { default: Example[] };
  let bench: Bench;
  beforeEach(async () => {
    bench = await Bench.open();
  });
  afterEach(() => bench.close());

  it.each(examples)('$name: check writes nothing, one fix settles', async (example) => {
    await example.setup?.(bench);
    const before = snapshot(bench.folder);
    const planned = await bench.check(name, example.params(bench));
    expect(planned).not.toEqual([]);
    expect(snapshot(bench.folder)).toEqual(before);
    const { changes, left } = await bench.settle(name, example.params(bench));
    expect(changes).toEqual(planned);
    expect(left).toEqual([]);
    await example.proof?.(bench);
    const settled = snapshot(bench.folder);
    expect((await bench.settle(name, example.params(bench))).changes).toEqual([]);
    expect(await bench.check(name, example.params(bench))).toEqual([]);
    expect(snapshot(bench.folder)).toEqual(settled);
  });
});

/** Every file below a folder with what a write would change. */
function snapshot(path: string): Record<string, unknown> {
  const entries = readdirSync(path, { recursive: true, encoding: 'utf8' }).sort();
  return Object.fromEntries(
    entries.map((name) => {
      const stat = lstatSync(join(path, name));
      const content = stat.isFile() ? readFileSync(join(path, name), 'base64') : '';
      return [name, [stat.mode, stat.uid, stat.gid, stat.mtimeMs, stat.ino, content]];
    }),
  );
}
