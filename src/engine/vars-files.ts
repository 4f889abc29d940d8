import { existsSync, statSync } from 'node:fs';
import { basename, dirname, isAbsolute, join } from 'node:path';
import { type Problem, TaskFailure } from '../errors.ts';
import type { Layer } from '../inventory/contract.ts';
import { VariableFolder } from '../inventory/layers.ts';
import type { Play } from '../playbook/contract.ts';
import { renderValue } from '../template/render.ts';
import { type Level, NotKnownYet, Scope, type ScopeOptions, UndefinedVariable } from '../template/scope.ts';

const read = new Map<string, { readonly at: number; readonly layers: readonly Layer[] }>();

/**
 * The vars_files of a play whose names hold templates, as they are for one host: of each list the first that exists.
 * Names with what is not defined (facts that were not gathered yet) are passed over, as in Ansible.
 * @throws TaskFailure for a file that holds no variables
 */
export function lateFiles(
  play: Play,
  below: readonly Level[],
  above: readonly Level[],
  options: ScopeOptions,
): Layer[] {
  const result: Layer[] = [];
  for (const names of play.lateVarsFiles ?? []) {
    const scope = new Scope([...below, ...result, ...above], options);
    try {
      for (const name of names) {
        const file = found(String(renderValue(name, scope)), dirname(play.place.file));
        if (file === undefined) continue;
        result.push(...layersOf(file));
        break;
      }
    } catch (error) {
      if (!(error instanceof UndefinedVariable || error instanceof NotKnownYet)) throw error;
    }
  }
  return result;
}

function found(name: string, directory: string): string | undefined {
  const candidates = isAbsolute(name) ? [name] : [join(directory, 'vars', name), join(directory, name)];
  return candidates.find((path) => existsSync(path) && statSync(path).isFile());
}

function layersOf(file: string): readonly Layer[] {
  const at = statSync(file).mtimeMs;
  const known = read.get(file);
  if (known?.at === at) return known.layers;
  const problems: Problem[] = [];
  const layers = new VariableFolder(dirname(file), problems).of(basename(file));
  const wrong = problems.find(({ severity }) => severity === 'error');
  if (wrong) {
    const place = wrong.place ? `${wrong.place.file}:${wrong.place.line}: ` : '';
    throw new TaskFailure(`${place}${wrong.message}`, wrong.hint);
  }
  read.set(file, { at, layers });
  return layers;
}
