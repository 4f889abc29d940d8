import { readFileSync } from 'node:fs';
import type { Module } from '../../src/modules/contract.ts';
import { homeOf } from '../../src/playbook/collections.ts';
import { type Parameter, parametersOf } from '../../src/schema/parameters.ts';
import { type RecordedModule, reference } from './reference.ts';
import { code, difference, table } from './state.ts';

export function recordedModule(name: string): RecordedModule | undefined {
  const home = homeOf(name);
  return home === undefined ? undefined : reference.modules[`${home}.${name}`];
}

/** docs/modules/NAME.md: what a module takes and gives, from its schema. */
export function modulePage(name: string, module: Module): string {
  const parameters = parametersOf(module);
  const recorded = recordedModule(name);
  const home = homeOf(name);
  const parts = [
    `# ${name}`,
    module.summary,
    home === undefined
      ? "One of foobar's own: Ansible has no module of this name."
      : `Also \`${home}.${name}\`.`,
    '## Parameters',
    parameters.length > 0 ? parameterTable(parameters) : freeNames(module),
    ...(module.freeForm ? [`As text after the module's name: \`${module.freeForm}\`.`] : []),
    '## Check mode and differences',
    modes(module),
    ...returned(name, recorded),
    ...differences(parameters, recorded),
  ];
  return `${parts.join('\n\n')}\n`;
}

function parameterTable(parameters: readonly Parameter[]): string {
  const rows = parameters.map(({ name, aliases, type, required, choices, description, ...parameter }) => [
    `**${name}**${aliases.length > 0 ? `<br>${aliases.map(code).join(', ')}` : ''}`,
    type,
    required ? 'needed' : parameter.default === undefined ? '' : code(parameter.default),
    [choices ? `One of ${choices.map(code).join(', ')}.` : '', description].filter(Boolean).join(' '),
  ]);
  return table(['parameter', 'type', 'default', 'what it says'], rows);
}

function freeNames({ params }: Module): string {
  const any = params.safeParse({ 'some name': 1 }).success;
  return any ? 'Whatever names are given.' : 'None.';
}

function modes(module: Module): string {
  if (module.kind === 'state')
    return 'Check mode says what would change and changes nothing; `--diff` shows the differences. What is settled already is ok.';
  if (module.effect === 'reads') return 'It changes nothing, and runs in check mode too.';
  const settled = module.settled ? ' unless it is settled already, which is looked up first' : '';
  return `In check mode it does not run${settled}: it is reported as a change.`;
}

/** Keys of Ansible's result that the module's own file gives; others may come from what it shares with others. */
function returned(name: string, recorded: RecordedModule | undefined): string[] {
  const source = readFileSync(new URL(`../../src/modules/${name}.ts`, import.meta.url), 'utf8');
  const keys = Object.entries(recorded?.returns ?? {}).filter(([key]) =>
    new RegExp(`(?:^|[{,(\\s])['"]?${key}['"]?(?::|,|\\s*\\})`, 'm').test(source),
  );
  if (keys.length === 0) return [];
  const rows = keys.map(([key, type]) => [`\`${key}\``, type]);
  return ['## Return values', 'Besides `changed`, `failed` and `msg`:', table(['key', 'type'], rows)];
}

function differences(parameters: readonly Parameter[], recorded: RecordedModule | undefined): string[] {
  if (!recorded) return [];
  const lines: string[] = [];
  for (const parameter of parameters) {
    const theirs = recorded.options[parameter.name];
    const note = theirs && difference(parameter, theirs);
    if (note !== undefined) lines.push(`- \`${parameter.name}\`: ${note}`);
    if (!theirs) lines.push(`- \`${parameter.name}\` is foobar's own`);
  }
  const known = new Set(parameters.flatMap(({ name, aliases }) => [name, ...aliases]));
  const absent = Object.keys(recorded.options).filter((name) => !known.has(name));
  if (absent.length > 0) lines.push(`- not here: ${absent.map(code).join(', ')}`);
  return lines.length > 0 ? [`## Compared with Ansible ${reference.version}`, lines.join('\n')] : [];
}
