import { existsSync, readdirSync } from 'node:fs';
import { basename, dirname, isAbsolute, join } from 'node:path';
import { didYouMean, nearest, shownPath } from '../problems.ts';
import { keyPlaceOf, placeOf } from '../yaml/located.ts';
import type { Action } from './action.ts';
import type { Task } from './contract.ts';
import { rawParameter } from './keywords.ts';
import { loopWords } from './loop.ts';
import { type Reading, refuseOpen, staticValue } from './reading.ts';
import { inside, type Scope } from './scope.ts';
import { type Among, readTasks } from './tasks.ts';
import { boolean, isOpen, text } from './values.ts';

/** Words of a task that mean nothing to an import; Ansible drops them without a word. */
const idle = 'register until retries delay async poll changed_when failed_when loop_control listen'.split(
  ' ',
);

function importWords(node: Record<string, unknown>, action: Action, reading: Reading): void {
  const { report } = reading;
  for (const key of loopWords(node))
    report.mistake(
      keyPlaceOf(node, key),
      `${action.module} cannot have ${key}`,
      `${action.module.replace('import', 'include')} can`,
    );
  for (const key of idle)
    if (key in node)
      report.warn(
        keyPlaceOf(node, key),
        `${key} has no effect on ${action.module}`,
        'it belongs to the tasks inside',
      );
}

/** The file that import_tasks or include_tasks names, and whether nothing else is among its parameters. */
export function fileOf(node: Record<string, unknown>, action: Action, reading: Reading): string | undefined {
  const { report } = reading;
  const known = action.module === 'include_tasks' ? ['file', 'apply'] : ['file'];
  for (const key of Object.keys(action.args))
    if (key !== rawParameter && !known.includes(key))
      report.mistake(
        keyPlaceOf(action.args, key),
        `${action.module} has no parameter ${key}`,
        key === 'vars' ? `write vars beside ${action.module}` : didYouMean(key, known),
      );
  const name = action.args[rawParameter] ?? action.args.file;
  if (typeof name === 'string' && name.trim() !== '') return name.trim();
  report.mistake(
    placeOf(node, action.key),
    `${action.module} needs the name of a file`,
    `${action.module}: install.yaml`,
  );
  return undefined;
}

/** The file of tasks that a name means; undefined when there is none. */
export function tasksFile(name: string, scope: Scope): string | undefined {
  if (isAbsolute(name)) return existsSync(name) ? name : undefined;
  return scope.folders.map((folder) => join(folder, name)).find(existsSync);
}

/** What is said of a file of tasks that is not there. */
export function missingFile(name: string, scope: Scope): [string, string] {
  const paths = isAbsolute(name) ? [name] : scope.folders.map((folder) => join(folder, name));
  const meant = nearest(
    basename(name),
    paths
      .map(dirname)
      .filter(existsSync)
      .flatMap((folder) => readdirSync(folder)),
  );
  const looked = `looked in ${scope.folders.map((folder) => shownPath(folder)).join(', ')}`;
  return [
    `there is no file ${name}`,
    meant === undefined ? looked : `did you mean ${join(dirname(name), meant)}?`,
  ];
}

/** The scope inside a file of tasks. */
export function insideFile(scope: Scope, file: string): Scope {
  const folder = dirname(file);
  return { ...scope, folders: [folder, ...scope.folders.filter((each) => each !== folder)] };
}

export function importTasks(
  node: Record<string, unknown>,
  action: Action,
  scope: Scope,
  reading: Reading,
  among: Among,
): Task[] {
  const { report } = reading;
  const place = placeOf(node, action.key);
  importWords(node, action, reading);
  const written = fileOf(node, action, reading);
  if (written === undefined) return [];
  const within = inside(scope, node, 'import_tasks vars', report);
  const name = staticValue(written, within, reading);
  if (typeof name !== 'string') {
    refuseOpen('the file of import_tasks', written, place, report);
    return [];
  }
  const file = tasksFile(name, scope);
  if (file === undefined) {
    report.mistake(place, ...missingFile(name, scope));
    return [];
  }
  if (scope.open.includes(file)) {
    report.mistake(place, `${name} imports itself`);
    return [];
  }
  return readTasks(
    report.read(file),
    { ...insideFile(within, file), open: [...scope.open, file] },
    reading,
    among,
  );
}

const fromParameters = ['tasks_from', 'vars_from', 'defaults_from', 'handlers_from'];
const roleParameters = ['name', 'role', ...fromParameters, 'public', 'allow_duplicates', 'rolespec_validate'];

/** What import_role and include_role ask for, templates not yet rendered. */
export interface RoleArguments {
  readonly name: string;
  readonly files: Readonly<Record<string, string>>;
  readonly public: boolean | undefined;
  readonly repeat: boolean;
  readonly validate: boolean;
}

export function roleArguments(
  node: Record<string, unknown>,
  action: Action,
  reading: Reading,
): RoleArguments | undefined {
  const { report } = reading;
  const { args, module } = action;
  const known = module === 'include_role' ? [...roleParameters, 'apply'] : roleParameters;
  for (const key of Object.keys(args))
    if (!known.includes(key))
      report.mistake(
        key === rawParameter ? placeOf(node, action.key) : keyPlaceOf(args, key),
        key === rawParameter
          ? `${module} takes parameters as name=value, not ${JSON.stringify(args[key])}`
          : `${module} has no parameter ${key}`,
        key === rawParameter
          ? `${module}: name=${text(args[key])}`
          : key === 'vars' || key === 'tags' || key === 'when'
            ? `write ${key} beside ${module}`
            : didYouMean(key, known),
      );
  const flag = (key: string, otherwise: boolean): boolean => {
    const value = args[key];
    if (value === undefined) return otherwise;
    const known = boolean(value);
    if (known === undefined) report.mistake(placeOf(args, key), `${key} must be true or false`);
    return known ?? otherwise;
  };
  for (const key of fromParameters)
    if (args[key] !== undefined && typeof args[key] !== 'string')
      report.mistake(placeOf(args, key), `${key} must be the name of a file`);
  const given = args.name ?? args.role;
  const name = typeof given === 'number' ? String(given) : given;
  if (typeof name !== 'string' || name === '') {
    if (!(rawParameter in args))
      report.mistake(placeOf(node, action.key), `${module} needs a name`, `${module}: name=nginx`);
    return undefined;
  }
  const files = fromParameters.flatMap((key) =>
    typeof args[key] === 'string' ? [[key, args[key]] as const] : [],
  );
  return {
    name,
    files: Object.fromEntries(files),
    public: args.public === undefined ? undefined : flag('public', false),
    repeat: flag('allow_duplicates', true),
    validate: flag('rolespec_validate', true),
  };
}

export function importRole(
  node: Record<string, unknown>,
  action: Action,
  scope: Scope,
  reading: Reading,
): Task[] {
  const { report, roles } = reading;
  importWords(node, action, reading);
  const asked = roleArguments(node, action, reading);
  if (asked === undefined) return [];
  const within = inside(scope, node, 'import_role vars', report);
  const place = placeOf(action.args, 'name') ?? placeOf(node)!;
  const known = (value: string, what: string): string | undefined => {
    const found = staticValue(value, within, reading);
    if (typeof found === 'string') return found;
    if (isOpen(value)) refuseOpen(what, value, place, report);
    return undefined;
  };
  const name = known(asked.name, 'the role of import_role');
  const files = Object.entries(asked.files).map(([key, value]) => [
    key,
    known(value, `${key} of import_role`),
  ]);
  if (name === undefined || files.some(([, value]) => value === undefined)) return [];
  return roles.load(
    {
      name,
      place,
      files: Object.fromEntries(files),
      repeat: asked.repeat,
      public: asked.public ?? true,
      validate: asked.validate,
      imported: true,
    },
    within,
    reading,
  );
}
