import { hostScope } from '../engine/variables.ts';
import { ExitCode, type Place, ProjectError, TaskFailure } from '../errors.ts';
import type { InventoryHost } from '../inventory/contract.ts';
import { didYouMean, shownPath } from '../problems.ts';
import { colors, wantsColor } from '../reporters/colors.ts';
import { mask, masked, maskText } from '../secrets.ts';
import { Scope } from '../template/scope.ts';
import { dumpYaml, Unsafe, Vaulted } from '../yaml/located.ts';
import { runVariables } from './fleet.ts';
import { type Entry, entriesOf, scopeLayers, type Within } from './layers.ts';
import { loadInventoryOnly, loadProject, type Project, type ProjectOptions } from './project.ts';

export interface ExplainOptions extends ProjectOptions {
  readonly host: string;
  readonly variable?: string;
  readonly output?: 'plain' | 'json';
}

/** One variable of a host: what it is, where that was said, and what it overrode. */
export interface Explained {
  readonly name: string;
  readonly value?: unknown;
  /** Why the value cannot be told without the host. */
  readonly unknown?: string;
  /** The entry that counts first, then what it overrides, lowest last. */
  readonly sources: readonly Source[];
  /** Where a play, role or task says otherwise, for itself only. */
  readonly within: readonly (Source & { readonly within: string })[];
}

interface Source {
  readonly origin: string;
  readonly place?: Place;
  readonly raw: unknown;
}

/**
 * Prints the variables of a host with their origins; contacts nobody. With a playbook its plays, roles and tasks
 * count too. @throws ProjectError for an unknown host or variable
 */
export async function explain(options: ExplainOptions): Promise<ExitCode> {
  const project =
    options.playbook === undefined ? await loadInventoryOnly(options) : await loadProject(options);
  const host = hostNamed(project, options.host);
  const explained = explainHost(project, host, options.variable);
  if (options.output === 'json')
    process.stdout.write(
      `${JSON.stringify({ host: host.name, variables: explained.map(plainly) }, null, 2)}\n`,
    );
  else process.stdout.write(`${explained.map(text).join('\n\n')}\n`);
  return ExitCode.done;
}

/** What is known of one variable of a host, or of all, sorted by name. */
export function explainHost(
  project: Pick<Project, 'inventory' | 'playbook' | 'extra'>,
  host: InventoryHost,
  variable?: string,
): Explained[] {
  const entries = entriesOf(project, host);
  const run = runVariables(project, true);
  const base = hostScope(run, host.name);
  const layers = scopeLayers(project, host);
  const scope = new Scope([...layers, magicLayer(base, layers)], base.options);
  const names = [...new Set(entries.flatMap(({ layer }) => Object.keys(layer.values)))].sort();
  if (variable !== undefined && !names.includes(variable)) return [magic(variable, base, names)];
  return (variable === undefined ? names : [variable]).map((name) => ({
    name,
    ...rendered(name, scope),
    ...split(name, entries),
  }));
}

/** What foobar itself defines, under the variables of the project. */
function magicLayer(base: Scope, layers: readonly { readonly values: object }[]) {
  const names = base.names().filter((name) => !layers.some(({ values }) => Object.hasOwn(values, name)));
  const values: Record<string, unknown> = {};
  for (const name of names)
    Object.defineProperty(values, name, { enumerable: true, get: () => base.get(name) });
  return { origin: 'magic', values, literal: true };
}

function magic(name: string, base: Scope, names: readonly string[]): Explained {
  if (base.has(name))
    return {
      name,
      ...rendered(name, base),
      sources: [{ origin: 'foobar itself', raw: undefined }],
      within: [],
    };
  const message = `nothing defines the variable ${name} here`;
  const fact = /^ansible_/.test(name)
    ? 'facts are known on the host only: foobar facts shows them'
    : undefined;
  const hint = didYouMean(name, [...names, ...base.names()]) ?? fact;
  throw new ProjectError([{ message, hint, severity: 'error' }]);
}

function rendered(name: string, scope: Scope): Pick<Explained, 'value' | 'unknown'> {
  try {
    return { value: secretName.test(name) ? masked : mask(settled(scope.get(name))) };
  } catch (error) {
    if (!(error instanceof TaskFailure)) throw error;
    return { unknown: maskText(error.message) };
  }
}

/** Connection passwords are secret wherever they are written. */
const secretName = /^ansible_\w*pass(word|phrase)?$/;

/** Reads everything that is lazy. */
function settled(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(settled);
  if (value instanceof Unsafe) return value.text;
  if (value === null || typeof value !== 'object') return value;
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, settled(item)]));
}

function split(name: string, entries: readonly Entry[]): Pick<Explained, 'sources' | 'within'> {
  const mine = entries.filter(({ layer }) => Object.hasOwn(layer.values, name)).reverse();
  const source = ({ layer, placeOf }: Entry): Source => {
    const place = placeOf(name);
    const raw = secretName.test(name) ? masked : shownRaw(layer.values[name]);
    return { origin: layer.origin, raw, ...(place && { place }) };
  };
  return {
    sources: mine.filter(({ within }) => within === undefined).map(source),
    within: mine
      .filter((entry): entry is Entry & { within: Within } => entry.within !== undefined)
      .map((entry) => ({ ...source(entry), within: entry.within.text })),
  };
}

/** What was written, without the secrets in it. */
function shownRaw(value: unknown): unknown {
  if (value instanceof Vaulted) return `!vault ${masked}`;
  if (value instanceof Unsafe) return mask(value.text);
  if (Array.isArray(value)) return value.map(shownRaw);
  if (value === null || typeof value !== 'object') return mask(value);
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, shownRaw(item)]));
}

function hostNamed({ inventory }: Pick<Project, 'inventory'>, name: string): InventoryHost {
  const host =
    inventory.hosts.get(name) ?? (inventory.localhost?.name === name ? inventory.localhost : undefined);
  if (host) return host;
  const message = `there is no host ${name} in ${shownPath(inventory.file)}`;
  const hint = inventory.groups.has(name)
    ? `it is a group of ${inventory.groups.get(name)?.join(', ')}`
    : didYouMean(name, inventory.hosts.keys());
  throw new ProjectError([{ message, hint, severity: 'error' }]);
}

function text({ name, value, unknown, sources, within }: Explained): string {
  const paint = colors(wantsColor(process.stdout));
  const known = value === undefined ? paint.dim(`not known here: ${unknown}`) : inline(value);
  const rows = sources.map((source, index) => {
    const written = source.raw === undefined ? '' : `  ${inline(source.raw)}`;
    const overridden = index === 0 ? '' : paint.dim('  overridden');
    return `  ${where(source)}${written}${overridden}`;
  });
  const others = within.map(
    (source) => `  ${where(source)}  ${inline(source.raw)}  ${paint.cyan(source.within)}`,
  );
  const head = sources.length === 0 ? paint.bold(name) : `${paint.bold(name)}: ${known}`;
  return maskText([head, ...rows, ...others].join('\n'));
}

function where({ place, origin }: Source): string {
  return place ? `${shownPath(place.file)}:${place.line}` : origin;
}

function inline(value: unknown): string {
  return typeof value === 'string' && value !== '' && !value.includes('\n')
    ? value
    : dumpYaml(value, { flow: true }).trimEnd();
}

function plainly({ sources, within, ...rest }: Explained) {
  const flat = ({ place, ...source }: Source) => ({ ...source, ...place });
  return { ...rest, sources: sources.map(flat), within: within.map(flat) };
}
