import type { Problem } from '../errors.ts';
import { shownPath } from '../problems.ts';

/**
 * Warnings as lines before a run. What a role of many systems has for others than ours is one line: the check names
 * each.
 */
export function warningTexts(warnings: readonly Problem[]): string[] {
  const foreign = warnings.filter(({ unsupported }) => unsupported);
  if (foreign.length < 3) return warnings.map(text);
  return [
    ...warnings.filter(({ unsupported }) => !unsupported).map(text),
    `${foreign.length} things of Ansible that foobar does not have are used where they may never be reached; foobar check lists them`,
  ];
}

function text({ place, message, hint }: Problem): string {
  const where = place ? `${shownPath(place.file)}:${place.line}:${place.column}: ` : '';
  return `${where}${message}${hint ? ` (${hint})` : ''}`;
}
