import { z } from 'zod';

const truths = ['yes', 'true', 'on', 'y', 't', '1'];
const falsehoods = ['no', 'false', 'off', 'n', 'f', '0'];

/** A boolean as Ansible writes it: true, false, yes, no, on, off, 1, 0, in any case. */
export const ansibleBoolean = z.preprocess(
  readBoolean,
  z.boolean({ error: 'expected yes or no (true or false)' }),
);

function readBoolean(value: unknown): unknown {
  const word = String(value).toLowerCase();
  if (typeof value === 'boolean' || (typeof value !== 'string' && typeof value !== 'number')) return value;
  if (truths.includes(word)) return true;
  return falsehoods.includes(word) ? false : value;
}

/** A list of words as Ansible writes it: a list, or one string with commas. */
export const ansibleList = z.preprocess(
  readList,
  z.array(z.string(), { error: 'expected a list or a string with commas' }),
);

function readList(value: unknown): unknown {
  if (typeof value === 'string')
    return value
      .split(',')
      .map((word) => word.trim())
      .filter((word) => word !== '');
  if (typeof value === 'number') return [String(value)];
  return Array.isArray(value) ? value.map((item) => (typeof item === 'number' ? String(item) : item)) : value;
}

/** Text; a number that YAML made of it becomes text again, and a boolean what Python and so Ansible writes: True. */
export const text = z.preprocess(
  (value) =>
    typeof value === 'number'
      ? String(value)
      : typeof value === 'boolean'
        ? value
          ? 'True'
          : 'False'
        : value,
  z.string({ error: 'expected text' }),
);

/** A whole number, also when a template made a string of it. */
export const integer = z.preprocess(
  (value) => (typeof value === 'string' && /^-?\d+$/.test(value.trim()) ? Number(value) : value),
  z.int({ error: 'expected a whole number' }),
);

/** Seconds, not negative, fractions allowed. */
export const seconds = z.preprocess(
  (value) => (typeof value === 'string' && /^\d+(\.\d+)?$/.test(value.trim()) ? Number(value) : value),
  z.number({ error: 'expected a number of seconds' }).nonnegative('expected a number of seconds, 0 or more'),
);

/**
 * A path on the host: absolute, since a task has no working directory there. The engine writes out `~`, `~user` and
 * `$NAME` before a module sees it.
 */
export const hostPath = z
  .string({ error: 'expected a path' })
  .refine((path) => /^[/~$]/.test(path), { error: 'expected an absolute path on the host' })
  .refine((path) => !path.includes('\0'), { error: 'a path cannot hold a NUL byte' })
  .meta({ hostPath: { absolute: true } });

/** The path of a host in Ansible's sense where it may be relative too: `~`, `~user` and `$NAME` are written out. */
export const anyPath = text.meta({ hostPath: { absolute: false } });

/** The same where it is one of the host only with `remote_src`, and else of the controller. */
export const remotePath = z.string().meta({ hostPath: { absolute: false, when: 'remote_src' } });

/**
 * The parameters of a module: a strict object, in which `.meta({aliases: ['dest']})` of a field gives its other
 * names. The JSON schema made of it carries the aliases beside the descriptions.
 */
export function moduleParams<T extends z.core.$ZodLooseShape>(shape: T) {
  return withAliases(z.strictObject(shape));
}

/** The same for a strict object that has checks across fields. */
export function withAliases<T extends z.ZodObject>(object: T): z.ZodPreprocess<T> {
  const names = aliases(object.shape);
  const rename = (value: unknown): unknown => {
    if (value === null || typeof value !== 'object' || Array.isArray(value)) return value;
    return Object.fromEntries(
      Object.entries(value).map(([key, item]) => {
        const name = names.get(key);
        return [name !== undefined && !(name in value) ? name : key, item];
      }),
    );
  };
  return z.preprocess(rename, object);
}

/** Alias -> name for the fields of an object. */
function aliases(shape: z.core.$ZodShape): Map<string, string> {
  const names = new Map<string, string>();
  for (const [name, field] of Object.entries(shape)) {
    const meta = z.globalRegistry.get(field) as { aliases?: string[] } | undefined;
    for (const alias of meta?.aliases ?? []) names.set(alias, name);
  }
  return names;
}

/** The object inside a schema made by moduleParams, withAliases or plain zod: for documentation and hints. */
export function objectOf(schema: z.ZodType): z.ZodObject | undefined {
  if (schema instanceof z.ZodObject) return schema;
  if (!(schema instanceof z.ZodPipe)) return undefined;
  return objectOf((schema.in instanceof z.ZodTransform ? schema.out : schema.in) as z.ZodType);
}
