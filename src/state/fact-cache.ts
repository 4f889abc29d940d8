import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { forget, keep, readKept } from './files.ts';

/**
 * Facts of hosts that outlive a run: one JSON file for each host in `<state folder>/facts`, mode 0600. They serve where
 * facts are not gathered, and as hostvars of hosts that --limit leaves out. Without them nothing breaks.
 */
export class FactCache {
  readonly #folder: string;

  /** @param stateDirectory the inventory's folder of kept state */
  constructor(stateDirectory: string) {
    this.#folder = join(stateDirectory, 'facts');
  }

  /** The facts last kept of a host, named as modules name them; none where nothing (readable) is kept. */
  async read(host: string): Promise<Record<string, unknown>> {
    const text = await readKept(this.#file(host));
    if (text === undefined) return {};
    try {
      const facts: unknown = JSON.parse(text);
      const isDict = typeof facts === 'object' && facts !== null && !Array.isArray(facts);
      return isDict ? (facts as Record<string, unknown>) : {};
    } catch {
      // Somebody edited it: the next gathering replaces it.
      return {};
    }
  }

  /** Keeps facts of a host in place of those before. */
  async write(host: string, facts: Readonly<Record<string, unknown>>): Promise<void> {
    await keep(this.#file(host), `${JSON.stringify(facts, null, 1)}\n`);
  }

  /** `meta: clear_facts` of a host. */
  async clear(host: string): Promise<void> {
    await forget(this.#file(host));
  }

  /** `--flush-cache`. */
  async flush(): Promise<void> {
    await rm(this.#folder, { recursive: true, force: true });
  }

  /** Names of hosts may hold what a file's name must not, such as a slash. */
  #file(host: string): string {
    return join(this.#folder, `${encodeURIComponent(host).replace(/^\./, '%2E')}.json`);
  }
}
