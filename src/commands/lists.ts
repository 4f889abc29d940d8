import { listPlays } from '../playbook/list.ts';
import { shownPath } from '../problems.ts';
import type { ListKind } from './options.ts';
import type { Project } from './project.ts';

/** What `--list-hosts`, `--list-tasks` and `--list-tags` print, as ansible-playbook prints it. */
export function listsText(
  project: Project,
  kinds: readonly ListKind[],
  hostsOf: (pattern: string) => readonly string[],
): string {
  const lines = ['', `playbook: ${shownPath(project.playbook.file)}`];
  for (const [index, play] of listPlays(project.playbook).entries()) {
    lines.push('', `  play #${index + 1} (${play.hosts}): ${play.name}\tTAGS: [${play.tags.join(',')}]`);
    if (kinds.includes('hosts')) {
      const hosts = hostsOf(play.hosts);
      lines.push(
        `    pattern: [${play.patterns.map((each) => `'${each}'`).join(', ')}]`,
        `    hosts (${hosts.length}):`,
      );
      lines.push(...hosts.map((host) => `      ${host}`));
    }
    if (kinds.includes('tasks')) {
      lines.push('    tasks:');
      lines.push(...play.tasks.map(({ name, tags }) => `      ${name}\tTAGS: [${tags.join(', ')}]`));
    }
    if (kinds.includes('tags')) lines.push(`      TASK TAGS: [${play.taskTags.join(', ')}]`);
  }
  return `${lines.join('\n')}\n`;
}
