import { z } from 'zod';
import { action } from './contract.ts';
import { type ArgumentSpec, validateArguments } from './shared/argument-spec.ts';
import { moduleParams } from './shared/params.ts';

const dict = z.record(z.string(), z.unknown(), { error: 'expected a dict' });
const attributes = z
  .record(z.string(), z.unknown(), { error: 'expected a dict of attributes (type, required, ...)' })
  .nullable()
  .transform((given) => given ?? {});

const params = moduleParams({
  argument_spec: z
    .record(z.string(), attributes, { error: 'expected a dict of arguments' })
    .describe('Arguments with their type, choices, default and so on, as in argument_specs of a role.'),
  provided_arguments: dict
    .default({})
    .describe('Values to check; arguments that are not here are taken from the variables.'),
  validate_args_context: dict.default({}).describe('Says in the result whose arguments these are.'),
});

export default action<z.output<typeof params>>({
  summary: 'Validate arguments against a specification.',
  params,
  effect: 'reads',

  async run(want, _host, context) {
    const spec = want.argument_spec as ArgumentSpec;
    const variables = Object.keys(spec).flatMap((name) => {
      const value = context.variable?.(name);
      return value === undefined ? [] : [[name, value] as const];
    });
    const { errors } = validateArguments(spec, {
      ...Object.fromEntries(variables),
      ...want.provided_arguments,
    });
    const values = { validate_args_context: want.validate_args_context };
    if (errors.length === 0)
      return { changed: false, values: { ...values, msg: 'The arg spec validation passed' } };
    const msg = `Validation of arguments failed:\n${errors.join('\n')}`;
    return {
      changed: false,
      failed: msg,
      values: { ...values, msg, argument_spec_data: want.argument_spec, argument_errors: errors },
    };
  },
});
