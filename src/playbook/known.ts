import type { Inventory, Layer } from '../inventory/contract.ts';
import { groupVariables } from '../inventory/load.ts';
import type { Play, Task } from './contract.ts';
import type { Expanded } from './expand.ts';
import { MadeNames } from './made.ts';
import { scopeOf } from './sources.ts';

/** What every task has, whoever wrote the project. */
const magic = new Set(
  `inventory_hostname inventory_hostname_short inventory_dir inventory_file playbook_dir role_path role_name
  role_names group_names groups hostvars play_hosts vars environment omit foobar_state
  lookup query q now range dict lipsum cycler joiner namespace undef true false none True False None
  loop self super caller varargs kwargs template_host template_uid template_path template_fullpath
  template_destpath template_run_date`.split(/\s+/),
);

/** Which variables there are in a project, and what defines them. */
export class KnownNames {
  readonly #made: MadeNames;
  readonly #everywhere: readonly Layer[];
  readonly #playHosts: ReadonlyMap<Play, readonly string[]>;
  readonly #inventory: Inventory;
  readonly #expanded: Expanded;
  readonly #extra: Layer;
  readonly #layersOf = new WeakMap<Play, readonly Layer[]>();
  readonly #indexes = new WeakMap<readonly Layer[], ReadonlyMap<string, readonly Layer[]>>();

  constructor(
    inventory: Inventory,
    expanded: Expanded,
    extraVars: Readonly<Record<string, unknown>>,
    playHosts: ReadonlyMap<Play, readonly string[]>,
    playbook: string,
  ) {
    this.#inventory = inventory;
    this.#playHosts = playHosts;
    this.#expanded = expanded;
    this.#extra = { origin: 'extra vars', values: extraVars };
    const groups = [...inventory.groups.keys()].flatMap((group) => groupVariables(inventory, group));
    const hosts = [...inventory.hosts.values()].flatMap((host) => host.layers);
    this.#everywhere = [...new Set([...groups, ...hosts])];
    this.#made = new MadeNames(expanded, playbook);
  }

  /** True when some names are made at run time from what only a run knows: then nothing is certain. */
  isOpen(play: Play): boolean {
    return this.#made.dynamic || this.#expanded.open.has(play);
  }

  /** Whether some task of the project sets a variable of this name. */
  isMade(name: string): boolean {
    return this.#made.names.has(name);
  }

  /** Loop variables of all tasks: values of variables may be read inside a loop. */
  isLoopVariable(name: string): boolean {
    return this.#made.loopVariables.has(name);
  }

  /**
   * Whether a task of a play can see a variable of this name. `elsewhere`: only hosts outside the play have it.
   */
  knows(name: string, play: Play, task: Task): 'yes' | 'no' | 'elsewhere' {
    if (magic.has(name) || name.startsWith('ansible_') || this.#made.names.has(name)) return 'yes';
    const { loopVar, indexVar } = task.loopControl;
    if ((task.loop !== undefined && name === loopVar) || name === indexVar) return 'yes';
    if (scopeOf(task)?.loopNames.includes(name)) return 'yes';
    if (this.#sources(play, task).some((layers) => this.#index(layers).has(name))) return 'yes';
    return this.#index(this.#everywhere).has(name) ? 'elsewhere' : 'no';
  }

  /** The layers that define a name for a task, whatever their precedence. */
  definitions(name: string, play: Play, task: Task): Layer[] {
    const found = this.#sources(play, task).flatMap((layers) => this.#index(layers).get(name) ?? []);
    return found.length > 1 ? [...new Set(found)] : found;
  }

  /** Names that a word might have been meant to be. */
  candidates(play: Play, task: Task): string[] {
    const names = this.#sources(play, task).flatMap((layers) => [...this.#index(layers).keys()]);
    return [...magic, ...this.#made.names, ...names].filter((name) => name.length > 2);
  }

  #sources(play: Play, task: Task): (readonly Layer[])[] {
    return [
      this.#ofPlay(play),
      task.defaults,
      task.layers,
      ...(task.params === undefined ? [] : [task.params]),
    ];
  }

  /** Which of some layers define which names. */
  #index(layers: readonly Layer[]): ReadonlyMap<string, readonly Layer[]> {
    let index = this.#indexes.get(layers);
    if (index === undefined) {
      const names = new Map<string, Layer[]>();
      for (const layer of layers)
        for (const name of Object.keys(layer.values)) {
          const known = names.get(name);
          if (known === undefined) names.set(name, [layer]);
          else known.push(layer);
        }
      index = names;
      this.#indexes.set(layers, index);
    }
    return index;
  }

  #ofPlay(play: Play): readonly Layer[] {
    let layers = this.#layersOf.get(play);
    if (layers === undefined) {
      const hosts = this.#playHosts.get(play);
      const ofHosts = hosts?.flatMap(
        (host) => (this.#inventory.hosts.get(host) ?? this.#inventory.localhost)?.layers ?? [],
      );
      const included = this.#expanded.layers.get(play) ?? [];
      layers = [...new Set([...(ofHosts ?? this.#everywhere), ...play.layers, ...included, this.#extra])];
      this.#layersOf.set(play, layers);
    }
    return layers;
  }
}
