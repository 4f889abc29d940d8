import { readdirSync, readFileSync } from 'node:fs';
import type { Command } from 'commander';
import { program } from '../../src/cli/program.ts';
import type { Module } from '../../src/modules/contract.ts';
import { keywords } from '../../src/playbook/keywords.ts';
import { parametersOf } from '../../src/schema/parameters.ts';
import { filters } from '../../src/template/filters/index.ts';
import { lookups } from '../../src/template/lookups/index.ts';
import { tests } from '../../src/template/tests/index.ts';
import type { Corpora } from './corpus.ts';
import { notes } from './notes.ts';
import { type RecordedModule, reference } from './reference.ts';
import { settingRows } from './settings.ts';
import { difference, type State, shown, stateOf, table } from './state.ts';

type Modules = ReadonlyMap<string, Module>;

/** docs/ansible.md: everything that Ansible's language has, and our state. */
export function ansiblePage(modules: Modules, corpora: Corpora): string {
  const sections = [
    section('Keywords', ['keyword', 'where', 'state'], keywordRows(corpora)),
    section('Modules', ['module', 'state'], moduleRows(modules, corpora)),
    ...Object.entries(reference.modules).flatMap(([name, recorded]) => {
      const module = modules.get(shortOf(name));
      return module ? [parameterSection(name, recorded, module, corpora)] : [];
    }),
    section('Filters', ['filter', 'state'], words('filters', filters, corpora, 'hasFilter')),
    section('Tests', ['test', 'state'], words('tests', tests, corpora, 'hasTest')),
    section('Lookups', ['lookup', 'state'], words('lookups', lookups, corpora, 'hasLookup')),
    section('Meta tasks', ['action', 'state'], metaRows(corpora)),
    section('Magic variables', ['variable', 'state'], magicRows(corpora)),
    section('Settings of ansible.cfg', ['setting', 'environment', 'state'], settingRows()),
    ...Object.keys(reference.options).map(optionSection),
  ];
  return `${[head(sections.map(({ states }) => states)), ...sections.map(({ text }) => text)].join('\n\n')}\n`;
}

interface Section {
  readonly text: string;
  readonly states: readonly State[];
}

type Row = readonly [...cells: string[], state: State];

function head(states: readonly (readonly State[])[]): string {
  const all = states.flat();
  const count = (word: State['word']) => all.filter((state) => state.word === word).length;
  return `# Ansible's language, and what foobar does with it

Made by \`npm run docs\` from what ansible-core ${reference.version} and its collections say of themselves and from what
foobar has; a test keeps it true.

- **same** (${count('same')}): it is there, and a test that compares foobar with Ansible uses it: both run the same playbooks on
  twin hosts, or foobar's answer is held against a recorded one of Ansible.
- **yes** (${count('yes')}): it is there, and foobar's own tests use it.
- **yes, untested** (${count('untested')}): it is there, and no test speaks of it.
- **differs** (${count('differs')}): it is there, with the difference that stands there.
- **not** (${count('not')}): it is not there. Using it is a mistake that is reported before any host is contacted.`;
}

function section(title: string, cells: readonly string[], rows: readonly Row[], level = 2): Section {
  const states = rows.map((row) => row.at(-1) as State);
  const texts = rows.map((row) => [...(row.slice(0, -1) as string[]), shown(row.at(-1) as State)]);
  return { text: `${'#'.repeat(level)} ${title}\n\n${table(cells, texts)}`, states };
}

function keywordRows(corpora: Corpora): Row[] {
  return Object.entries(reference.keywords).map(([name, where]) => {
    const ours = Object.hasOwn(keywords, name) ? keywords[name] : undefined;
    const there = ours !== undefined && ours.state !== 'refused';
    const state = stateOf(there, corpora, (corpus) => corpus.hasKeyword(name), ours?.note);
    return [`\`${name}\``, where.join(', '), state];
  });
}

function moduleRows(modules: Modules, corpora: Corpora): Row[] {
  return Object.entries(reference.modules).map(([name, { options }]) => {
    const short = shortOf(name);
    const module = modules.get(short);
    const there = module !== undefined || isStatement(short);
    const page = module ? `[\`${name}\`](modules/${short}.md)` : `\`${name}\``;
    const state = stateOf(there, corpora, (corpus) => corpus.hasModule(short), notes.modules?.[name]);
    if (!module) return [page, state];
    const absent = Object.keys(options).filter((option) => !known(module).has(option));
    if (absent.length === 0) return [page, state];
    return [
      page,
      {
        word: 'differs',
        note: `${absent.length} of ${Object.keys(options).length} parameters are not there`,
      },
    ];
  });
}

/** What takes a module's place in a task without being one here. */
function isStatement(name: string): boolean {
  return /^(import|include)_(tasks|role|playbook)$|^meta$/.test(name);
}

function known(module: Module): Set<string> {
  return new Set(parametersOf(module).flatMap(({ name, aliases }) => [name, ...aliases]));
}

function parameterSection(name: string, recorded: RecordedModule, module: Module, corpora: Corpora): Section {
  const parameters = parametersOf(module);
  const short = shortOf(name);
  const rows = Object.entries(recorded.options).map(([option, theirs]): Row => {
    const ours = parameters.find((each) => each.name === option || each.aliases.includes(option));
    const names = [option, ...(theirs.aliases ?? [])];
    const note = ours && (notes[name]?.[option] ?? difference(ours, theirs));
    // A free form is a parameter only to Ansible's documentation.
    const free = option === 'free_form' && module.freeForm !== undefined;
    const state = stateOf(
      ours !== undefined || free,
      corpora,
      (corpus) => (free ? corpus.hasModule(short) : corpus.hasParameter(short, names)),
      note,
    );
    return [`\`${option}\``, state];
  });
  return section(name, ['parameter', 'state'], rows, 3);
}

type Kind = 'filters' | 'tests' | 'lookups';

function words(
  kind: Kind,
  ours: object,
  corpora: Corpora,
  has: 'hasFilter' | 'hasTest' | 'hasLookup',
): Row[] {
  return Object.keys(reference[kind]).map((name) => {
    const note = notes[kind]?.[name];
    return [`\`${name}\``, stateOf(Object.hasOwn(ours, name), corpora, (corpus) => corpus[has](name), note)];
  });
}

function metaRows(corpora: Corpora): Row[] {
  const source = sourceOf('engine') + sourceOf('playbook');
  return reference.meta.map((name) => [
    `\`${name}\``,
    stateOf(source.includes(`'${name}'`), corpora, (corpus) => corpus.hasWord(name), notes.meta?.[name]),
  ]);
}

function magicRows(corpora: Corpora): Row[] {
  const source = sourceOf('engine') + sourceOf('template') + sourceOf('host');
  return reference.magic.map((name) => {
    const there = new RegExp(`\\b${name}\\b`).test(source);
    const note = notes.magic?.[name];
    return [
      `\`${name}\``,
      stateOf(there && note === undefined, corpora, (corpus) => corpus.hasWord(name), note),
    ];
  });
}

const programs: Readonly<Record<string, string>> = {
  'ansible-playbook': 'provision',
  ansible: 'run',
  'ansible-vault': 'vault',
};

function optionSection(theirs: string): Section {
  const name = programs[theirs] as string;
  const ours = optionsOf(
    program(() => undefined),
    name,
  );
  const tested =
    sourcesOf(new URL('../commands', import.meta.url)) + sourcesOf(new URL('../lab', import.meta.url));
  const rows = Object.entries(reference.options[theirs] ?? {}).map(([spelling, help]): Row => {
    const names = spelling.split(', ').filter((each) => each.startsWith('--'));
    const note = names
      .map((each) => notes[theirs]?.[each] ?? notes['ansible-playbook']?.[each])
      .find(Boolean);
    const there = names.some((each) => ours.has(each));
    const state = optionState(there, () => names.some((each) => says(tested, each)), note);
    return [`\`${spelling}\``, firstSentence(help), state];
  });
  return section(`${theirs}: foobar ${name}`, ['option', "Ansible's words", 'state'], rows);
}

function optionsOf(foobar: Command, name: string): Set<string> {
  const command = foobar.commands.find((each) => each.name() === name);
  const all = command ? [command, ...command.commands] : [];
  const options = all.flatMap((each) => each.options.map(({ long }) => long ?? ''));
  return new Set([...options, '--help', '--version']);
}

function firstSentence(text: string): string {
  const [first = ''] = text.split(/(?<=[.;])\s/);
  return first.replace(/\s*\(default=.*$/, '').replace(/[.;]$/, '');
}

/** No test runs both programs with an option; foobar's own do. */
function optionState(there: boolean, tested: () => boolean, note: string | undefined): State {
  if (!there || note !== undefined)
    return { word: there ? 'differs' : 'not', ...(note !== undefined && { note }) };
  return { word: tested() ? 'yes' : 'untested' };
}

/** Tests call commands with values: `--start-at-task` is `startAtTask` there. */
function says(tests: string, option: string): boolean {
  const camel = option.slice(2).replace(/-(\w)/g, (_dash, letter: string) => letter.toUpperCase());
  return tests.includes(option) || new RegExp(`\\b${camel}\\b`).test(tests);
}

function sourceOf(room: string): string {
  return sourcesOf(new URL(`../../src/${room}`, import.meta.url));
}

function sourcesOf(folder: URL): string {
  return readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith('.ts'))
    .map((name) => readFileSync(new URL(`${folder.href}/${name}`), 'utf8'))
    .join('\n');
}

function shortOf(name: string): string {
  return name.slice(name.lastIndexOf('.') + 1);
}
