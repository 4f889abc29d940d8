import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Host } from '../../src/host/contract.ts';
import { openLocalHost } from '../../src/host/local.ts';
import type { ActionModule, ActionResult, Change, Context, StateModule } from '../../src/modules/contract.ts';
import { loadModule } from '../../src/modules/registry.ts';
import type { SyntaxOptions } from '../../src/template/render.ts';

/** A folder of its own, this machine as a host, and a context whose files and templates are in that folder. */
export class Bench {
  readonly folder = mkdtempSync(join(tmpdir(), 'module-'));
  readonly said: string[] = [];
  readonly host: Host & { close(): Promise<void> };
  readonly readOnly: Host & { close(): Promise<void> };
  render: (text: string, options?: Partial<SyntaxOptions>) => string = (text) => text;

  private constructor(host: Bench['host'], readOnly: Bench['readOnly']) {
    this.host = host;
    this.readOnly = readOnly;
  }

  static async open(): Promise<Bench> {
    return new Bench(await openLocalHost(), await openLocalHost({ readOnly: true }));
  }

  async close(): Promise<void> {
    await this.host.close();
    await this.readOnly.close();
    rmSync(this.folder, { recursive: true });
  }

  at(name: string): string {
    return join(this.folder, name);
  }

  context(check = false): Context {
    return {
      check,
      stateDirectory: this.at('state'),
      find: (_kind, name) => (name.startsWith('/') ? name : this.at(name)),
      renderTemplate: (path, options) => this.render(readFileSync(path, 'utf8'), options),
      say: (line) => this.said.push(line),
      warn: () => {},
      verbosity: 0,
    };
  }

  /** The differences that check mode shows, through a host that refuses every write. */
  async check(name: string, args: Record<string, unknown>): Promise<Change[]> {
    const module = (await loadModule(name)) as StateModule<unknown, unknown>;
    const want = module.params.parse(args);
    // Someone else may have changed the host since the last look, as between two runs.
    (this.readOnly as unknown as { forget(): void }).forget();
    return module.diff(want, await module.have(want, this.readOnly, this.context(true)));
  }

  /** have -> fix -> have, as the engine does it. Gives the changes, what is left of them, and the result. */
  async settle(name: string, args: Record<string, unknown>): Promise<Settled> {
    const module = (await loadModule(name)) as StateModule<unknown, unknown>;
    const want = module.params.parse(args);
    (this.host as unknown as { forget(): void }).forget();
    const before = await module.have(want, this.host, this.context());
    const changes = module.diff(want, before);
    if (changes.length === 0) return { changes, left: [], result: module.result?.(want, before) ?? {} };
    await module.fix(changes, want, before, this.host, this.context());
    const after = await module.have(want, this.host, this.context());
    const left = module.verify ? module.verify(want, before, after) : module.diff(want, after);
    return { changes, left, result: module.result?.(want, after) ?? {} };
  }

  /** Runs an action; undefined with the reason when it says that there is nothing to do. */
  async act(name: string, args: Record<string, unknown>): Promise<ActionResult> {
    const module = (await loadModule(name)) as ActionModule<unknown>;
    const want = module.params.parse(args);
    (this.host as unknown as { forget(): void }).forget();
    const settled = await module.settled?.(want, this.host, this.context());
    if (typeof settled === 'string') return { changed: false, skipped: settled };
    if (settled !== undefined) return settled;
    return module.run(want, this.host, this.context());
  }
}

export interface Settled {
  readonly changes: Change[];
  /** Differences after the fix; anything here is a bug. */
  readonly left: Change[];
  readonly result: Record<string, unknown>;
}

/** Changes as short lines: `mode 0644 -> 0600`. */
export function shown(changes: readonly Change[]): string[] {
  return changes.map(({ what, from, to }) => `${what} ${from} -> ${to}`);
}
