import { existsSync, readFileSync, statSync } from 'node:fs';

/** The words of a command that names an inventory first, where ansible.cfg or -i may name it instead. */
export interface Words {
  readonly inventory: string | undefined;
  readonly rest: readonly string[];
}

/**
 * Tells the inventory from what follows it, of which there is at least one: an inventory is there, looks like a path,
 * or is a list of hosts that ends with a comma.
 */
export function inventoryFirst(words: readonly (string | undefined)[]): Words {
  const given = words.filter((word) => word !== undefined);
  const [first, ...rest] = given;
  const isSource =
    first !== undefined &&
    rest.length > 0 &&
    (existsSync(first) || first.endsWith(',') || /\/|\.(ya?ml|ini|json)$/.test(first));
  return isSource ? { inventory: first, rest } : { inventory: undefined, rest: given };
}

/** Inventory and playbook: one word alone is the playbook when it holds plays, as ansible-playbook is called. */
export function inventoryAndPlaybook(
  inventory: string | undefined,
  playbook: string | undefined,
): { readonly inventory?: string | undefined; readonly playbook?: string | undefined } {
  const holdsPlays = playbook === undefined && inventory !== undefined && isPlaybook(inventory);
  return holdsPlays ? { playbook: inventory } : { inventory, playbook };
}

/** An inventory is a mapping, a playbook a list. */
function isPlaybook(path: string): boolean {
  if (!/\.ya?ml$/.test(path) || !statSync(path, { throwIfNoEntry: false })?.isFile()) return false;
  const lines = readFileSync(path, 'utf8').split('\n');
  const first = lines.find((line) => !/^\s*(#.*)?$|^---/.test(line));
  return first !== undefined && /^(- |-$|\[)/.test(first);
}
