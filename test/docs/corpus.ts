import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseText } from '../../src/playbook/arguments.ts';
import { moduleName } from '../../src/playbook/collections.ts';
import { freeForm, keywords } from '../../src/playbook/keywords.ts';
import { buildYaml } from '../../src/yaml/builder.ts';

const root = fileURLToPath(new URL('../../', import.meta.url));

interface Folders {
  /** Playbooks that are run. */
  readonly playbooks: readonly string[];
  /** Tests and what they compare with. */
  readonly tests: readonly string[];
}

/** What is held against Ansible: runs of both tools on twins, and its recorded answers. */
const compared: Folders = {
  playbooks: ['test/differential'],
  tests: [
    'test/template/recorded',
    'test/inventory/recorded',
    'test/vault/recorded',
    'test/playbook/parse-kv.json',
  ],
};

/** What foobar's own tests run besides. */
const own: Folders = {
  playbooks: ['playbooks'],
  tests: [
    'test/engine',
    'test/playbook',
    'test/template',
    'test/vault',
    'test/inventory',
    'test/modules',
    'test/lab',
  ],
};

/** The tests that speak of something, best first. */
export interface Corpora {
  readonly compared: Corpus;
  readonly own: Corpus;
}

export function corpora(): Corpora {
  return { compared: new Corpus(compared), own: new Corpus(own) };
}

/** What the tests speak of: a word that is not here is claimed by nobody. */
class Corpus {
  readonly #modules = new Set<string>();
  readonly #parameters = new Set<string>();
  readonly #keywords = new Set<string>();
  readonly #texts: string[] = [];
  readonly #jinja: string[] = [];

  constructor({ playbooks, tests }: Folders) {
    for (const file of playbooks.flatMap((folder) => files(folder, /\.(ya?ml|j2)$/))) {
      const text = readFileSync(file, 'utf8');
      this.#jinja.push(text);
      if (!file.endsWith('.j2')) this.#walk(yaml(text, file), new Set());
    }
    for (const file of tests.flatMap((folder) => files(folder, /\.(test\.ts|ts|json|ya?ml)$/))) {
      const text = readFileSync(file, 'utf8');
      this.#texts.push(text);
      this.#jinja.push(text);
    }
  }

  hasModule(name: string): boolean {
    return this.#modules.has(name) || this.#calls(name).length > 0;
  }

  hasParameter(module: string, names: readonly string[]): boolean {
    if (names.some((name) => this.#parameters.has(`${module}.${name}`))) return true;
    const written = new RegExp(`\\b(?:${names.map(escaped).join('|')})['"]?\\s*(?:[:=]|,|\\})`);
    return this.#calls(module).some((call) => written.test(call));
  }

  hasKeyword(name: string): boolean {
    return this.#keywords.has(name) || this.#says(new RegExp(`\\b${name}: `));
  }

  hasFilter(name: string): boolean {
    return this.#expresses(new RegExp(`\\|\\s*(?:ansible\\.builtin\\.)?${name}\\b|\\bmap\\(['"]${name}['"]`));
  }

  hasTest(name: string): boolean {
    const word = escaped(name);
    return this.#expresses(
      new RegExp(`\\bis\\s+(?:not\\s+)?(?:ansible\\.builtin\\.)?${word}(?!\\w)|['"]${word}['"]`),
    );
  }

  hasLookup(name: string): boolean {
    return (
      this.#keywords.has(`with_${name}`) ||
      this.#expresses(
        new RegExp(`(?:lookup|query|\\bq)\\(\\s*['"](?:ansible\\.builtin\\.)?${name}['"]|with_${name}\\b`),
      )
    );
  }

  /** A word of its own anywhere in what tests run or compare. */
  hasWord(name: string): boolean {
    return this.#expresses(new RegExp(`\\b${escaped(name)}\\b`));
  }

  /** What stands behind a module's name in tests, as far as its parameters may go. */
  #calls(module: string): string[] {
    const known = this.#found.get(module);
    if (known) return known;
    const name = new RegExp(`(?:\\b|\\.)${module}['"]?(?::|,\\s*\\{)[\\s\\S]{0,400}`, 'g');
    const calls = this.#texts.flatMap((text) => [...text.matchAll(name)].map(([call]) => call));
    this.#found.set(module, calls);
    return calls;
  }
  readonly #found = new Map<string, string[]>();

  #says(expression: RegExp): boolean {
    return this.#texts.some((text) => expression.test(text));
  }

  #expresses(expression: RegExp): boolean {
    return this.#jinja.some((text) => expression.test(text));
  }

  #walk(node: unknown, seen: Set<object>): void {
    if (node === null || typeof node !== 'object' || seen.has(node)) return;
    seen.add(node);
    for (const [key, value] of Object.entries(node)) {
      if (!Array.isArray(node)) this.#note(key, value);
      // What a task gives as `args` are parameters of its module.
      if (key === 'args') for (const module of Object.keys(node)) this.#note(module, value);
      this.#walk(value, seen);
    }
  }

  #note(key: string, value: unknown): void {
    if (Object.hasOwn(keywords, key) || key.startsWith('with_')) this.#keywords.add(key);
    const { short } = moduleName(key);
    this.#modules.add(short);
    if (value !== null && typeof value === 'object' && !Array.isArray(value))
      for (const name of Object.keys(value)) this.#parameters.add(`${short}.${name}`);
    if (typeof value === 'string')
      for (const name of parametersIn(short, value)) this.#parameters.add(`${short}.${name}`);
  }
}

function parametersIn(module: string, text: string): string[] {
  try {
    return Object.keys(parseText(text, freeForm.includes(module)).args);
  } catch {
    return [];
  }
}

function files(folder: string, pattern: RegExp): string[] {
  if (!existsSync(join(root, folder))) return [];
  if (statSync(join(root, folder)).isFile()) return [join(root, folder)];
  return readdirSync(join(root, folder), { recursive: true, encoding: 'utf8' })
    .filter((name) => pattern.test(name) && !name.includes('node_modules'))
    .map((name) => join(root, folder, name))
    .filter((path) => statSync(path).isFile())
    .sort();
}

function yaml(text: string, file: string): unknown {
  try {
    return buildYaml(text, file);
  } catch {
    return undefined;
  }
}

function escaped(word: string): string {
  return word.replace(/[.*+?^${}()|[\]\\]/g, '\\$&');
}
