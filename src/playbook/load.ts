import { existsSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { type Problem, ProjectError } from '../errors.ts';
import { isMapping } from '../inventory/layers.ts';
import { shownPath, sortProblems } from '../problems.ts';
import { placeOf } from '../yaml/located.ts';
import type { Play, Playbook } from './contract.ts';
import { shortName } from './keywords.ts';
import { readPlay } from './play.ts';
import { Report } from './report.ts';
import { expressions, type Scope, tagList, variables } from './scope.ts';

export { selectTasks, unknownTags } from './tags.ts';

export interface PlaybookOptions {
  /** Names of all modules; without them any unknown key of a task is taken for one. */
  readonly modules?: readonly string[] | undefined;
  readonly extraVars?: Readonly<Record<string, unknown>> | undefined;
}

/**
 * Reads a playbook with its roles and imports. Throws one ProjectError with every mistake found.
 */
export function loadPlaybook(file: string, options: PlaybookOptions = {}): Playbook {
  const { playbook, problems } = readPlaybook(file, options);
  if (problems.some((problem) => problem.severity === 'error')) throw new ProjectError(problems);
  return playbook;
}

/** What can be read of a playbook, and every mistake found on the way. */
export function readPlaybook(
  file: string,
  options: PlaybookOptions = {},
): { playbook: Playbook; problems: Problem[] } {
  const path = resolve(file);
  const report = new Report();
  const { modules = [], extraVars = {} } = options;
  const plays = readPlays(path, [], {}, { modules, extraVars }, report);
  const problems = sortProblems(report.problems);
  const warnings = problems.filter((problem) => problem.severity === 'warning');
  return { playbook: { file: path, plays, warnings }, problems };
}

type Options = Required<Parameters<typeof readPlay>[3]>;

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
    const key = Object.keys(node).find((each) => shortName(each) === 'import_playbook');
    if (key === undefined) return [readPlay(node, file, outer, options, report)];
    return importPlaybook(node, key, file, open, outer, options, report);
  });
}

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
  report.keys(node, [...importWords, key], 'play', 'import_playbook');
  const name = node[key];
  const place = placeOf(node, key);
  if (typeof name !== 'string' || name.includes('{{')) {
    const message =
      typeof name === 'string'
        ? "Ansible's templated import_playbook is not supported yet"
        : 'import_playbook needs the name of a file';
    report.mistake(place, message);
    return [];
  }
  const path = resolve(join(dirname(file)), name);
  if (!existsSync(path)) {
    report.mistake(place, `there is no playbook ${name}`, `looked in ${shownPath(dirname(file))}`);
    return [];
  }
  if (path === file || open.includes(path)) {
    report.mistake(place, `${name} imports itself`);
    return [];
  }
  const within: Partial<Scope> = {
    tags: [...(outer.tags ?? []), ...tagList(node, report)],
    when: [...(outer.when ?? []), ...expressions(node, 'when')],
    layers: [...(outer.layers ?? []), ...variables(node, 'import_playbook vars', report)],
  };
  return readPlays(path, [...open, file], within, options, report);
}
