import type { Place, Problem } from '../errors.ts';
import { type ArgumentSpec, validateArguments } from '../modules/shared/argument-spec.ts';
import { didYouMean } from '../problems.ts';
import { keyPlaceOf, placeOf } from '../yaml/located.ts';
import type { Play, Task } from './contract.ts';
import type { KnownNames } from './known.ts';
import { textsIn } from './texts.ts';
import { isOpen } from './values.ts';

interface Given {
  readonly value: unknown;
  readonly place: Place | undefined;
}

/**
 * What is wrong with the arguments of a role, as far as they are written out: those that nobody gives, those with one
 * value whichever host it is, and parameters that the specification does not have.
 */
export function argumentProblems(play: Play, task: Task, known: KnownNames): Problem[] {
  const context = task.args.validate_args_context as { type?: string; name?: string } | undefined;
  if (task.module !== 'validate_argument_spec' || context?.type !== 'role') return [];
  const spec = task.args.argument_spec as ArgumentSpec;
  const params = task.args.provided_arguments as Readonly<Record<string, unknown>>;
  const aliases = Object.values(spec).flatMap((each) => (Array.isArray(each?.aliases) ? each.aliases : []));
  const names = [...Object.keys(spec), ...aliases.map(String)];
  const conditional = task.when.length > 0 || known.isOpen(play);
  const said = (message: string, place: Place | undefined, hint?: string): Problem => ({
    message: `role ${context.name}: ${message}`,
    place: place ?? task.place,
    hint,
    severity: conditional ? 'warning' : 'error',
  });
  const unknown = Object.keys(params)
    .filter((name) => !names.includes(name))
    .map((name) =>
      said(
        `its specification has no argument ${name}`,
        keyPlaceOf(params, name),
        didYouMean(name, names) ?? (names.length > 0 ? `it has ${names.join(', ')}` : undefined),
      ),
    );
  return [
    ...unknown,
    ...Object.entries(spec).flatMap(([name, attributes]): Problem[] => {
      if (attributes === null || attributes === undefined || typeof attributes !== 'object') return [];
      const own = Array.isArray(attributes.aliases) ? attributes.aliases.map(String) : [];
      const given = [name, ...own].flatMap((each) => givenAs(each, play, task, params, known));
      if (given.includes('open')) return [];
      const [only] = given as Given[];
      const values = only === undefined ? {} : { [name]: only.value };
      return validateArguments({ [name]: attributes }, values).errors.map((error) =>
        said(error.charAt(0).toLowerCase() + error.slice(1), only?.place),
      );
    }),
  ];
}

/** The one value that an argument surely has; `open` when it depends on the host or the run. */
function givenAs(
  name: string,
  play: Play,
  task: Task,
  params: Readonly<Record<string, unknown>>,
  known: KnownNames,
): (Given | 'open')[] {
  const written = (value: unknown, place: Place | undefined): (Given | 'open')[] =>
    textsIn(value).some(isOpen) ? ['open'] : [{ value, place }];
  if (Object.hasOwn(params, name)) return written(params[name], placeOf(params, name));
  const definitions = known.definitions(name, play, task);
  const [only, ...more] = definitions;
  if (more.length > 0) return ['open'];
  if (only !== undefined && !known.isMade(name))
    return written(only.values[name], placeOf(only.values, name));
  return known.knows(name, play, task) === 'no' ? [] : ['open'];
}
