import type { Place } from '../errors.ts';
import { isMapping } from '../inventory/layers.ts';
import { derived, placeOf } from '../yaml/located.ts';
import type { Role, Task } from './contract.ts';
import type { Reading } from './reading.ts';
import { roleFile } from './role-files.ts';
import type { Scope } from './scope.ts';
import { buildTask } from './task.ts';
import { text } from './values.ts';

/** The specifications of a role's arguments, by entry point: meta/argument_specs.yml, else in meta/main.yml. */
function argumentSpecs(role: Role, meta: Record<string, unknown>, reading: Reading): Record<string, unknown> {
  const file = roleFile(role, reading.report, 'meta', 'argument_specs', false);
  const root = file === undefined ? meta : reading.report.read(file);
  const specs = isMapping(root) ? root.argument_specs : undefined;
  if (isMapping(specs)) return specs;
  if (specs !== null && specs !== undefined && isMapping(root))
    reading.report.mistake(
      placeOf(root, 'argument_specs'),
      'argument_specs must be a mapping of entry points',
    );
  return {};
}

/**
 * The task that checks a role's arguments before its first task, named as Ansible names it. None when the role says
 * nothing about them.
 * @param asked where the role is asked for: what is wrong with its arguments is wrong there
 */
export function validationTask(
  role: Role,
  entryPoint: string,
  params: Readonly<Record<string, unknown>>,
  meta: Record<string, unknown>,
  asked: Place,
  scope: Scope,
  reading: Reading,
): Task[] {
  const module = 'validate_argument_spec';
  if (reading.modules.length > 0 && !reading.modules.includes(module)) return [];
  const specs = argumentSpecs(role, meta, reading);
  const spec = specs[entryPoint];
  if (spec === undefined || spec === null) return [];
  const place = placeOf(specs, entryPoint) ?? placeOf(specs)!;
  if (!isMapping(spec)) {
    reading.report.mistake(place, `the specification of ${entryPoint} must be a mapping`);
    return [];
  }
  const { options, short_description: description } = spec;
  if (options !== undefined && options !== null && !isMapping(options)) {
    reading.report.mistake(placeOf(spec, 'options'), 'options must be a mapping of names to what they take');
    return [];
  }
  const name = `Validating arguments against arg spec '${entryPoint}'`;
  const node = derived(
    { name: description === undefined ? name : `${name} - ${text(description)}`, tags: ['always'] },
    asked,
  );
  const args = derived(
    {
      argument_spec: options ?? {},
      provided_arguments: params,
      validate_args_context: {
        type: 'role',
        name: role.name,
        argument_spec_name: entryPoint,
        path: role.directory,
      },
    },
    place,
  );
  return [buildTask(node, { key: module, module, args }, scope, reading)];
}
