import { readdirSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import type { Module } from './contract.ts';

const folder = new URL('.', import.meta.url);
/** `.ts` as written, `.js` as built. */
const extension = import.meta.url.slice(import.meta.url.lastIndexOf('.'));
const noModules = new Set(['contract', 'registry']);

let names: readonly string[] | undefined;

/** Names of all modules, sorted: the files of this folder. */
export function moduleNames(): readonly string[] {
  names ??= readdirSync(fileURLToPath(folder), { withFileTypes: true })
    .filter(
      (entry) => entry.isFile() && entry.name.endsWith(extension) && !entry.name.endsWith(`.d${extension}`),
    )
    .map((entry) => entry.name.slice(0, -extension.length))
    .filter((name) => !noModules.has(name))
    .sort();
  return names;
}

/** Loads one module. Throws for a name that moduleNames() does not have. */
export async function loadModule(name: string): Promise<Module> {
  if (!moduleNames().includes(name)) throw new Error(`there is no module ${name}`);
  const loaded = (await import(new URL(`${name}${extension}`, folder).href)) as { default: Module };
  return loaded.default;
}
