import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { isEncrypted } from '../vault/format.ts';
import type { Playbook } from './contract.ts';
import type { Expanded } from './expand.ts';
import type { Text } from './texts.ts';

/** Templates beside the playbook and in its roles: some are named only by variables, so nothing else leads to them. */
export function looseTemplates(playbook: Playbook, { entries }: Expanded): Text[] {
  const roles = entries.flatMap(({ task }) => (task.role === undefined ? [] : [task.role.directory]));
  return [...new Set([dirname(playbook.file), ...roles])].flatMap((root) => {
    const folder = join(root, 'templates');
    if (!existsSync(folder)) return [];
    return readdirSync(folder, { recursive: true, encoding: 'utf8' })
      .filter((name) => name.endsWith('.j2'))
      .sort()
      .flatMap((name): Text[] => {
        const file = join(folder, name);
        const content = readFileSync(file);
        // Whether somebody uses it is not known: only a task that does may complain of a missing password.
        if (isEncrypted(content)) return [];
        return [{ text: content.toString(), place: { file, line: 1, column: 1 }, kind: 'template' }];
      });
  });
}
