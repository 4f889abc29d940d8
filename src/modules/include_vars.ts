import { existsSync, readdirSync, statSync } from 'node:fs';
import { extname, join } from 'node:path';
import { z } from 'zod';
import { ProjectError, TaskFailure } from '../errors.ts';
import { readYamlFile } from '../yaml/located.ts';
import { action, type Context } from './contract.ts';
import { ansibleBoolean, ansibleList, integer, text, withAliases } from './shared/params.ts';
import { pythonRegex } from './shared/python-regex.ts';

const params = withAliases(
  z
    .strictObject({
      file: text.optional().describe('A file of variables, looked for under vars/ first. YAML or JSON.'),
      dir: text.optional().describe('A folder whose files are read in the order of their names.'),
      name: text.optional().describe('A variable that takes all of them as one dict.'),
      depth: integer.default(0).describe('How deep to go below dir; 0 is as deep as it goes.'),
      files_matching: text
        .optional()
        .describe('Only files of dir whose names match this regular expression.'),
      ignore_files: ansibleList
        .default([])
        .describe('Files of dir to leave out: regular expressions for the end of their names.'),
      extensions: ansibleList
        .default(['yaml', 'yml', 'json'])
        .describe('Extensions of files of dir to read.'),
      ignore_unknown_extensions: ansibleBoolean
        .default(false)
        .describe('Pass over files of dir with other extensions instead of failing.'),
      hash_behaviour: z
        .enum(['replace', 'merge'])
        .default('replace')
        .describe('What becomes of a dict that is there already: replaced, or merged with the new one.'),
    })
    .refine((want) => (want.file === undefined) !== (want.dir === undefined), {
      error: 'give either file or dir',
      path: ['file'],
    }),
);
type Want = z.output<typeof params>;
type Values = Record<string, unknown>;

export default action<Want>({
  summary: 'Read variables from files on the controller.',
  params,
  freeForm: 'file',
  effect: 'reads',

  async run(want, _host, context) {
    const files =
      want.dir === undefined
        ? [context.find('vars', (want.file ?? '').trimEnd())]
        : filesOf(want, folderOf(want.dir, context));
    const read: Values = Object.assign({}, ...files.map(variablesOf));
    const named = want.name === undefined ? read : { [want.name]: read };
    const included = want.hash_behaviour === 'merge' ? merged(named, context) : named;
    return {
      changed: false,
      included,
      values: { ansible_facts: included, ansible_included_var_files: files },
    };
  },
});

function folderOf(dir: string, context: Context): string {
  const folder = context.find('vars', dir);
  if (!statSync(folder).isDirectory()) throw new TaskFailure(`${folder} is not a directory`);
  return folder;
}

/** The files of a folder and of those in it, folder by folder in the order of their names. */
function filesOf(want: Want, root: string): string[] {
  const matching = want.files_matching === undefined ? undefined : pythonRegex(want.files_matching);
  const ignored = want.ignore_files.map((pattern) => pythonRegex(`(?:${pattern})$`));
  const result: string[] = [];
  for (const folder of foldersOf(root, want.depth === 0 ? Number.POSITIVE_INFINITY : want.depth)) {
    const names = readdirSync(folder).filter((name) => statSync(join(folder, name)).isFile());
    for (const name of names.sort()) {
      if (matching && !matching.test(name)) continue;
      if (ignored.some((pattern) => pattern.test(name))) continue;
      if (want.extensions.includes(extname(name).slice(1))) result.push(join(folder, name));
      else if (!want.ignore_unknown_extensions)
        throw new TaskFailure(
          `${join(folder, name)} does not have a valid extension: ${want.extensions.join(', ')}`,
          'ignore_unknown_extensions: true passes over it.',
        );
    }
  }
  return result;
}

function foldersOf(folder: string, depth: number): string[] {
  if (depth <= 0 || !existsSync(folder)) return [];
  const inside = readdirSync(folder)
    .map((name) => join(folder, name))
    .filter((path) => statSync(path).isDirectory())
    .sort();
  return [folder, ...inside.flatMap((path) => foldersOf(path, depth - 1))];
}

function variablesOf(file: string): Values {
  let values: unknown;
  try {
    values = readYamlFile(file);
  } catch (error) {
    if (!(error instanceof ProjectError)) throw error;
    const [first] = error.problems;
    const place = first?.place ? `${first.place.file}:${first.place.line}:${first.place.column}: ` : '';
    throw new TaskFailure(`${place}${first?.message ?? error.message}`, first?.hint);
  }
  if (values === null) return {};
  if (typeof values !== 'object' || Array.isArray(values))
    throw new TaskFailure(`${file} must be stored as a dictionary/hash`);
  return values as Values;
}

function merged(values: Values, context: Context): Values {
  const merge = (before: unknown, after: unknown): unknown =>
    isDict(before) && isDict(after)
      ? Object.fromEntries(
          [...new Set([...Object.keys(before), ...Object.keys(after)])].map((key) => [
            key,
            key in after ? merge(before[key], after[key]) : before[key],
          ]),
        )
      : after;
  return Object.fromEntries(
    Object.entries(values).map(([name, value]) => [name, merge(context.variable?.(name), value)]),
  );
}

function isDict(value: unknown): value is Values {
  return value !== null && typeof value === 'object' && !Array.isArray(value);
}
