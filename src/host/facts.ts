import type { Query } from './contract.ts';
import { readDisks } from './facts-disks.ts';
import { readHardware } from './facts-hardware.ts';
import { readNetwork } from './facts-network.ts';
import { type FactSection, factSections } from './facts-script.ts';
import { readSystem } from './facts-system.ts';
import { readVirtualization } from './facts-virtual.ts';
import { rawShell } from './sh.ts';

/** What a host tells about itself, under the names of Ansible's `ansible_facts`. */
export type Facts = Record<string, unknown>;

/**
 * Facts of a host, read without Python: Ansible's names, and one of our own, `apt_uri`: the first URI of the host's
 * Debian apt sources, with which roles add suites of the same mirror. What a host cannot tell is left out.
 */
export const facts: Query<void, Facts> = {
  name: 'facts',
  key: () => '',

  script: () =>
    rawShell(
      `{\n${Object.entries(factSections)
        .map(
          ([name, command]) =>
            `printf '\\n\\001%s\\n' ${name}; (${name === 'environment' ? '' : 'export LC_ALL=C; '}${command})`,
        )
        .join('\n')}\n} 2>/dev/null\n:`,
    ),

  parse(stdout, args) {
    const parts = new Map<string, string>();
    for (const part of stdout.toString('utf8').split('\n\u0001').slice(1)) {
      const at = part.indexOf('\n');
      parts.set(part.slice(0, at), part.slice(at + 1).trim());
    }
    const get = (section: FactSection) => parts.get(section) ?? '';
    if (get('system') === '') throw new Error('the host does not tell what system it runs (uname)');
    const apt = aptUri(get('apt'));
    const system = readSystem(get);
    const all: Facts = {
      ...system,
      ...readHardware(get, String(system.machine)),
      ...readDisks(get),
      ...readNetwork(get),
      ...readVirtualization(get),
      ...(apt ? { apt_uri: apt } : {}),
    };
    return args.map(() => all);
  },
};

function aptUri(lines: string): string | undefined {
  for (const line of lines.split('\n')) {
    const words = line
      .replace(/\[.*?\]/, '')
      .trim()
      .split(/\s+/);
    if (words[1]?.includes(':')) return words[1];
  }
  return undefined;
}
