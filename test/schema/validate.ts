import type { JsonSchema } from '../../src/schema/parameters.ts';

/** The words of JSON schema that src/schema writes; `wrong` fails for any other. */
const known = new Set(
  '$schema $ref $defs title description default type enum const anyOf allOf properties patternProperties additionalProperties required items pattern'.split(
    ' ',
  ),
);

/** Where a value breaks a schema: paths, none when it is valid. Of a union the branch with the fewest is told. */
export function wrong(schema: unknown, value: unknown, root = schema as JsonSchema, path = ''): string[] {
  if (schema === true) return [];
  if (schema === false) return [path];
  const rules = schema as JsonSchema;
  const strange = Object.keys(rules).filter((word) => !known.has(word));
  if (strange.length > 0) throw new Error(`words that are not checked here: ${strange.join(', ')}`);
  const found: string[] = [];
  if (typeof rules.$ref === 'string') {
    const definitions = root.$defs as Record<string, unknown>;
    const name = rules.$ref.replace('#/$defs/', '');
    if (!definitions[name]) throw new Error(`no definition ${name}`);
    found.push(...wrong(definitions[name], value, root, path));
  }
  const types = [rules.type ?? []].flat();
  if (types.length > 0 && !types.some((type) => isA(value, String(type)))) found.push(path);
  if (Array.isArray(rules.enum) && !rules.enum.includes(value)) found.push(path);
  if (
    typeof rules.pattern === 'string' &&
    typeof value === 'string' &&
    !new RegExp(rules.pattern).test(value)
  )
    found.push(path);
  if (Array.isArray(rules.anyOf)) {
    const branches = rules.anyOf.map((each) => wrong(each, value, root, path));
    found.push(...(branches.sort((left, right) => left.length - right.length)[0] ?? []));
  }
  for (const each of (rules.allOf as unknown[]) ?? []) found.push(...wrong(each, value, root, path));
  if (Array.isArray(value) && rules.items !== undefined)
    value.forEach((item, index) => {
      found.push(...wrong(rules.items, item, root, `${path}[${index}]`));
    });
  if (isA(value, 'object')) found.push(...wrongKeys(rules, value as Record<string, unknown>, root, path));
  return found;
}

function wrongKeys(
  rules: JsonSchema,
  value: Record<string, unknown>,
  root: JsonSchema,
  path: string,
): string[] {
  const properties = (rules.properties ?? {}) as Record<string, unknown>;
  const patterns = Object.entries((rules.patternProperties ?? {}) as Record<string, unknown>);
  const missing = ((rules.required as string[]) ?? []).filter((key) => !Object.hasOwn(value, key));
  const inside = Object.entries(value).flatMap(([key, item]) => {
    const pattern = patterns.find(([expression]) => new RegExp(expression).test(key));
    const own = Object.hasOwn(properties, key) ? properties[key] : pattern?.[1];
    const schema = own ?? rules.additionalProperties ?? true;
    return wrong(schema, item, root, `${path}.${key}`);
  });
  return [...missing.map((key) => `${path}.${key}`), ...inside];
}

function isA(value: unknown, type: string): boolean {
  if (type === 'null') return value === null;
  if (type === 'array') return Array.isArray(value);
  if (type === 'object') return value !== null && typeof value === 'object' && !Array.isArray(value);
  return typeof value === type;
}
