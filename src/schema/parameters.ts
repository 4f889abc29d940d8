import { z } from 'zod';
import type { Module } from '../modules/contract.ts';
import { objectOf } from '../modules/shared/params.ts';

/** A JSON schema, as far as it is read here. */
export type JsonSchema = Readonly<Record<string, unknown>>;

/** What one parameter of a module takes. */
export interface Parameter {
  readonly name: string;
  readonly aliases: readonly string[];
  readonly description: string;
  readonly required: boolean;
  readonly default?: unknown;
  /** The words that it takes, when there are only some. */
  readonly choices?: readonly unknown[];
  /** Ansible's word for the kind: bool, dict, float, int, list, raw, str. */
  readonly type: string;
  /** True when what is written is looked at before it is judged, so that more spellings count than the schema says. */
  readonly lenient: boolean;
}

/** The parameters of a module, read from its schema. */
export function parametersOf(module: Module): Parameter[] {
  const object = objectOf(module.params);
  if (!object) return [];
  const { properties = {} } = z.toJSONSchema(object, { io: 'output', unrepresentable: 'any' });
  return Object.entries(properties).map(([name, given]): Parameter => {
    const { description = '', default: standard, aliases = [], ...schema } = given as Record<string, unknown>;
    const field = object.shape[name] as z.ZodType;
    const { enum: choices, const: only } = schema;
    const words = Array.isArray(choices) ? choices : only === undefined ? undefined : [only];
    return {
      name,
      aliases: aliases as string[],
      description: String(description),
      required: !field.safeParse(undefined).success,
      type: typeOf(schema),
      lenient: looksFirst(field),
      ...(standard !== undefined && { default: standard }),
      ...(words && { choices: words }),
    };
  });
}

function typeOf({ type, anyOf, enum: choices, const: only }: JsonSchema): string {
  const words: Record<string, string> = {
    array: 'list',
    boolean: 'bool',
    integer: 'int',
    number: 'float',
    object: 'dict',
    string: 'str',
  };
  if (typeof type === 'string') return words[type] ?? 'raw';
  const [first] = [choices, only].flat();
  if (typeof first === 'string' && !anyOf) return 'str';
  const kinds = Array.isArray(anyOf) ? [...new Set(anyOf.map((each: JsonSchema) => typeOf(each)))] : [];
  return kinds.length === 1 ? (kinds[0] as string) : 'raw';
}

function looksFirst(field: z.core.$ZodType): boolean {
  if (field instanceof z.ZodPipe) return field.in instanceof z.ZodTransform || looksFirst(field.in);
  const wrapped =
    field instanceof z.ZodOptional || field instanceof z.ZodNullable || field instanceof z.ZodDefault;
  return wrapped && looksFirst(field.unwrap() as z.core.$ZodType);
}
