import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join, relative, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';

const source = fileURLToPath(new URL('../src/', import.meta.url));

/** What each room may import, besides itself and the files at the top of src/. */
const arrows: Record<string, readonly string[]> = {
  vault: [],
  yaml: ['vault'],
  secrets: [],
  config: [],
  state: [],
  mysql: [],
  firewall: ['yaml'],
  certificates: ['state'],
  backup: ['mysql', 'state'],
  inventory: ['yaml'],
  template: ['yaml', 'inventory', 'host/sh', 'vault', 'firewall'],
  playbook: ['yaml', 'inventory', 'template', 'modules/contract', 'modules/shared/argument-spec', 'vault'],
  host: ['mysql', 'firewall', 'certificates'],
  modules: ['host', 'mysql', 'firewall', 'certificates', 'backup', 'state', 'yaml', 'vault'],
  engine: [
    'host',
    'modules/contract',
    'modules/shared/path-kinds',
    'playbook',
    'inventory',
    'template',
    'vault',
    'yaml',
  ],
  verify: ['host', 'firewall'],
  recovery: ['host', 'mysql', 'verify', 'state', 'backup'],
  profile: [],
  reporters: ['engine/events', 'modules/contract', 'profile'],
  lab: ['certificates'],
  schema: ['modules', 'playbook'],
  cli: ['commands', 'vault'],
  commands: [
    'config',
    'schema',
    'vault',
    'profile',
    'reporters',
    'inventory',
    'playbook',
    'engine',
    'host',
    'modules',
    'template',
    'yaml',
    'lab',
    'verify',
    'mysql',
    'recovery',
    'backup',
    'certificates',
    'firewall',
    'state',
  ],
};

/** Each of these libraries is known to one file only. */
const singleImporters: Record<string, string> = {
  ssh2: 'host/ssh2.ts',
  'acme-client': 'certificates/acme.ts',
};

interface Import {
  readonly file: string;
  readonly target: string;
  /** Loaded only when the code gets there. */
  readonly lazy: boolean;
}

const files = readdirSync(source, { recursive: true, encoding: 'utf8' }).filter((name) =>
  name.endsWith('.ts'),
);
/** Imports of values; a type alone makes no arrow. */
const imports: Import[] = files.flatMap((file) =>
  [
    ...readFileSync(join(source, file), 'utf8')
      .replaceAll(/^(?:import|export) type [^;]*;/gms, '')
      .matchAll(/(?:from|import)\s*(\(?)\s*'([^']+)'/g),
  ].map(([, parenthesis, target = '']) => ({
    file,
    lazy: parenthesis === '(',
    target: target.startsWith('.') ? relative(source, resolve(source, dirname(file), target)) : target,
  })),
);

const room = (path: string): string => path.split('/')[0] ?? '';
const isInside = (target: string): boolean => files.includes(target);

describe('the rooms of src/', () => {
  it('import only what their place allows', () => {
    const wrong = imports
      .filter(({ file, target }) => file.includes('/') && isInside(target) && target.includes('/'))
      .filter(({ file, target }) => room(file) !== room(target))
      .filter(({ file, target }) => {
        const allowed = arrows[room(file)] ?? [];
        return !allowed.some((name) => target === `${name}.ts` || target.startsWith(`${name}/`));
      })
      .map(({ file, target }) => `${file} -> ${target}`);
    expect(wrong).toEqual([]);
  });

  it('let the command line start with nothing but its own words', () => {
    const loaded = new Set(['cli.ts']);
    for (const file of loaded)
      for (const { target } of imports.filter((each) => each.file === file && !each.lazy)) loaded.add(target);
    const libraries = [...loaded].filter((name) => !files.includes(name) && !name.startsWith('node:'));
    expect(libraries).toEqual(['commander']);
    expect([...loaded].filter((name) => files.includes(name) && /^(?!cli\/).*\//.test(name))).toEqual([]);
  });

  it('are all named here', () => {
    const rooms = new Set(files.filter((file) => file.includes('/')).map(room));
    expect([...rooms].filter((name) => arrows[name] === undefined)).toEqual([]);
  });

  it('keep modules apart from each other', () => {
    const wrong = imports
      .filter(({ file, target }) => /^modules\/\w+\.ts$/.test(file) && /^modules\/\w+\.ts$/.test(target))
      .filter(({ file, target }) => file !== 'modules/registry.ts' && target !== 'modules/contract.ts')
      .map(({ file, target }) => `${file} -> ${target}`);
    expect(wrong).toEqual([]);
  });

  it.each(Object.entries(singleImporters))('let only one file import %s', (library, importer) => {
    const importers = new Set(imports.filter(({ target }) => target === library).map(({ file }) => file));
    expect([...importers]).toEqual([importer]);
  });

  it.each(['js-yaml'])('let only one file import %s', (library) => {
    const importers = new Set(
      imports
        .filter(({ target }) => target === library || target.startsWith(`${library}/`))
        .map(({ file }) => file),
    );
    expect([...importers]).toHaveLength(1);
  });
});
