import type { Problem } from '../errors.ts';
import type { Inventory } from '../inventory/contract.ts';
import { didYouMean } from '../problems.ts';
import type { JoiningGroups } from './joining.ts';
import { placeInside, type Text } from './texts.ts';

const methods = ['get', 'items', 'keys', 'values', 'update', 'copy', 'pop', 'setdefault'];
const use = /\bgroups(?:\[\s*(['"])([\w.-]+)\1\s*\]|\.([A-Za-z_]\w*))/g;

/** `groups['wbe']` and `groups.wbe`: groups that the inventory does not have. */
export function groupProblems(text: Text, inventory: Inventory, joining: JoiningGroups): Problem[] {
  if (!text.text.includes('groups')) return [];
  return [...text.text.matchAll(use)].flatMap((found): Problem[] => {
    const name = (found[2] ?? found[3]) as string;
    if (inventory.groups.has(name) || joining.mayBeGroup(name)) return [];
    if (found[3] !== undefined && methods.includes(name)) return [];
    const rest = text.text.slice(found.index + found[0].length);
    const guarded =
      /^\s*(\|\s*(default|d)\b|is\s+(not\s+)?(un)?defined)/.test(rest) || isTestedBefore(text.text, name);
    if (guarded) return [];
    const hint = didYouMean(name, inventory.groups.keys());
    return [
      {
        message: `the inventory has no group ${name}`,
        place: placeInside(text, found[0]),
        hint,
        severity: hint === undefined ? 'warning' : 'error',
      },
    ];
  });
}

/** `'web' in groups` somewhere in the same text. */
function isTestedBefore(text: string, name: string): boolean {
  return new RegExp(
    `['"]${name}['"]\\s+(not\\s+)?in\\s+groups|groups(\\.${name}|\\[['"]${name}['"]\\])\\s*(\\|\\s*(default|d)\\b|is\\s)`,
  ).test(text);
}
