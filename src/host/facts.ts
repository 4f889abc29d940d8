import type { Query } from './contract.ts';
import { readDisks } from './facts-disks.ts';
import { readHardware } from './facts-hardware.ts';
import { readNetwork } from './facts-network.ts';
import { type FactSection, factScript, factSections, readFacts } from './facts-script.ts';
import { readSystem } from './facts-system.ts';
import { readVirtualization } from './facts-virtual.ts';

/** What a host tells about itself, under the names of Ansible's `ansible_facts`. */
export type Facts = Record<string, unknown>;

/**
 * Facts of a host, read without Python: Ansible's names, and one of our own, `apt_uri`: the first URI of the host's
 * Debian apt sources, with which roles add suites of the same mirror. What a host cannot tell is left out. Asked by the
 * sections that are needed; what is made of others is not to be used. undefined: all.
 */
export const facts: Query<readonly FactSection[] | undefined, Facts> = {
  name: 'facts',
  key: (sections) => sections?.toSorted().join() ?? '',

  script: (args) =>
    factScript(new Set(args.flatMap((sections) => ['system', ...(sections ?? factSections)] as const))),

  parse(stdout, args) {
    const get = readFacts(stdout.toString('utf8'));
    if (get('system') === '')
      throw new Error('the host does not tell what system it runs (/proc/sys/kernel/ostype)');
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
    const words = (/^[^:]*:((?:deb|URIs:)\s.*)$/.exec(line)?.[1] ?? '')
      .replace(/\[.*?\]/, '')
      .trim()
      .split(/\s+/);
    if (words[1]?.includes(':')) return words[1];
  }
  return undefined;
}
