import { existsSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import { type Problem, ProjectError } from '../errors.ts';
import type { Layer } from '../inventory/contract.ts';
import { isMapping } from '../inventory/layers.ts';
import { didYouMeanFile, shownPath, sortProblems } from '../problems.ts';
import { renderValue } from '../template/render.ts';
import { Scope as Variables } from '../template/scope.ts';
import { keyPlaceOf, placeOf } from '../yaml/located.ts';
import { collectionPlaybook, collectionsPathOf, standardCollectionsPath } from './collection-files.ts';
import { moduleName } from './collections.ts';
import type { Play, Playbook } from './contract.ts';
import { keywordsOf } from './keywords.ts';
import { readPlay } from './play.ts';
import { refuseOpen } from './reading.ts';
import { Report } from './report.ts';
import { RoleVariables, standardRolesPath } from './role-files.ts';
import { expressions, type Scope, tagList, variables } from './scope.ts';
import { isOpen } from './values.ts';

export { selectTasks, unknownTags } from './tags.ts';

export interface PlaybookOptions {
  /** Names of all modules; without them any unknown key of a task is taken for one. */
  readonly modules?: readonly string[] | undefined;
  readonly extraVars?: Readonly<Record<string, unknown>> | undefined;
  /** Where roles are looked for besides the playbook's folder. */
  readonly rolesPath?: readonly string[] | undefined;
  /** Where collections are looked for besides the playbook's folder. */
  readonly collectionsPath?: readonly string[] | undefined;
}

/**
 * Reads a playbook with its roles and imports. Throws one ProjectError with every mistake found.
 */
export function loadPlaybook(file: string, options: PlaybookOptions = {}): Playbook {
  const { playbook, problems } = readPlaybook(file, options);
  if (problems.some((problem) => problem.severity === 'error')) throw new ProjectError(problems);
  return playbook;
}

/**
 * What can be read of a playbook, and every mistake found on the way. `incomplete`: some of them hide names that it
 * defines.
 */
export function readPlaybook(
  file: string,
  options: PlaybookOptions = {},
): { playbook: Playbook; problems: Problem[]; incomplete: boolean } {
  const path = resolve(file);
  const report = new Report();
  const { modules = [], extraVars = {}, rolesPath = standardRolesPath } = options;
  const collectionsPath = collectionsPathOf(path, options.collectionsPath ?? standardCollectionsPath);
  const roleVariables = new RoleVariables();
  const shared = { modules, extraVars, rolesPath, collectionsPath, roleVariables };
  const plays = readPlays(path, [], {}, shared, report);
  const problems = sortProblems(report.problems);
  const warnings = problems.filter((problem) => problem.severity === 'warning');
  return { playbook: { file: path, plays, warnings }, problems, incomplete: report.isIncomplete };
}

type Options = Parameters<typeof readPlay>[3];

function readPlays(
  file: string,
  open: readonly string[],
  outer: Partial<Scope>,
  options: Options,
  report: Report,
): Play[] {
  const root = report.read(file);
  const place = { file, line: 1, column: 1 };
  if (root === undefined) return [];
  if (!Array.isArray(root)) {
    const empty = root === null;
    report.mistake(
      placeOf(root) ?? place,
      empty ? 'the playbook is empty' : 'a playbook is a list of plays',
      '- hosts: all',
    );
    return [];
  }
  return root.flatMap((node, index): Play[] => {
    if (!isMapping(node)) {
      report.mistake(placeOf(root, index) ?? place, 'a play is a mapping with hosts and tasks or roles');
      return [];
    }
    const key = Object.keys(node).find((each) => moduleName(each).short === 'import_playbook');
    if (key === undefined) return [readPlay(node, file, outer, options, report)];
    return importPlaybook(node, key, file, open, outer, options, report);
  });
}

/** Keywords that reach the imported plays; Ansible takes others too and drops them. */
const importWords = ['name', 'vars', 'tags', 'when'];

function importPlaybook(
  node: Record<string, unknown>,
  key: string,
  file: string,
  open: readonly string[],
  outer: Partial<Scope>,
  options: Options,
  report: Report,
): Play[] {
  report.keys(node, 'import', 'import_playbook', [key]);
  for (const word of Object.keys(node))
    if (keywordsOf('import').includes(word) && !importWords.includes(word))
      report.warn(keyPlaceOf(node, word), `${word} has no effect on import_playbook`);
  const layers = [...variables(node, 'import_playbook vars', report), ...(outer.layers ?? [])];
  const written = node[key];
  const place = placeOf(node, key);
  if (typeof written !== 'string' || written.trim() === '') {
    report.mistake(place, 'import_playbook needs the name of a file', 'import_playbook: web.yaml');
    return [];
  }
  const name = known(written.trim(), layers, options.extraVars, dirname(file));
  if (typeof name !== 'string') {
    refuseOpen('the file of import_playbook', written, place, report);
    return [];
  }
  const own = collectionPlaybook(name, options.collectionsPath);
  const path = own ?? resolve(dirname(file), name);
  if (!existsSync(path)) {
    const meant = didYouMeanFile(path) ?? `looked in ${shownPath(dirname(file))}`;
    report.mistake(place, `there is no playbook ${name}`, meant);
    return [];
  }
  if (path === file || open.includes(path)) {
    report.mistake(place, `${name} imports itself`);
    return [];
  }
  const within: Partial<Scope> = {
    tags: [...(outer.tags ?? []), ...tagList(node, report)],
    when: [...(outer.when ?? []), ...expressions(node, 'when')],
    layers,
    // What a collection's playbook asks for by short names is its own.
    collections: own ? [name.split('.').slice(0, 2).join('.')] : (outer.collections ?? []),
  };
  return readPlays(path, [...open, file], within, options, report);
}

/** A name that may be put together from the import's own vars and -e. */
function known(
  name: string,
  layers: readonly Layer[],
  extraVars: Readonly<Record<string, unknown>>,
  directory: string,
): unknown {
  if (!isOpen(name)) return name;
  const all = [
    ...layers,
    { origin: 'extra vars', values: extraVars },
    { origin: 'magic', values: { playbook_dir: directory }, literal: true },
  ];
  try {
    return renderValue(name, new Variables(all, { searchDirectories: [directory], check: true }));
  } catch {
    return undefined;
  }
}
