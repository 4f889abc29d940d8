import { ExitCode } from '../errors.ts';
import { loadModule, moduleNames } from '../modules/registry.ts';
import { jsonSchema, type SchemaKind } from '../schema/json.ts';

/** Prints the JSON schema of a kind of file. */
export async function schema(kind: SchemaKind): Promise<ExitCode> {
  const modules = await Promise.all(
    moduleNames().map(async (name) => [name, await loadModule(name)] as const),
  );
  process.stdout.write(`${JSON.stringify(jsonSchema(kind, new Map(modules)), null, 2)}\n`);
  return ExitCode.done;
}
