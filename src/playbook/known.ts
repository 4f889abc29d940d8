import { existsSync } from 'node:fs';
import type { Inventory, Layer } from '../inventory/contract.ts';
import { isMapping } from '../inventory/layers.ts';
import { groupVariables } from '../inventory/load.ts';
import { readYamlFile } from '../yaml/located.ts';
import type { Play, Playbook, Task } from './contract.ts';
import { localFile } from './files.ts';
import { isTemplate } from './texts.ts';

/** What every task has, whoever wrote the project. */
const magic = new Set(
  `inventory_hostname inventory_hostname_short inventory_dir inventory_file playbook_dir role_path role_name
  role_names group_names groups hostvars play_hosts vars environment omit foobar_state
  lookup query q now range dict lipsum cycler joiner namespace undef true false none True False None
  loop self super caller varargs kwargs template_host template_uid template_path template_fullpath
  template_destpath template_run_date`.split(/\s+/),
);
/** Facts that Ansible injects under names of their own. */
const gatheredBy: Readonly<Record<string, string>> = { package_facts: 'packages', service_facts: 'services' };

/** Which variables there are in a project, and what defines them. */
export class KnownNames {
  /** True when some names are made at run time from templates: then nothing is certain. */
  dynamic = false;
  /** Loop variables of all tasks: values of variables may be read inside a loop. */
  readonly loopVariables = new Set<string>();
  readonly #made = new Set<string>();
  readonly #everywhere: readonly Layer[];
  readonly #playHosts: ReadonlyMap<Play, readonly string[]>;
  readonly #inventory: Inventory;
  readonly #extra: Layer;
  readonly #layersOf = new WeakMap<Play, readonly Layer[]>();

  constructor(
    inventory: Inventory,
    playbook: Playbook,
    extraVars: Readonly<Record<string, unknown>>,
    playHosts: ReadonlyMap<Play, readonly string[]>,
  ) {
    this.#inventory = inventory;
    this.#playHosts = playHosts;
    this.#extra = { origin: 'extra vars', values: extraVars };
    const groups = [...inventory.groups.keys()].flatMap((group) => groupVariables(inventory, group));
    const hosts = [...inventory.hosts.values()].flatMap((host) => host.layers);
    this.#everywhere = [...new Set([...groups, ...hosts])];
    for (const play of playbook.plays)
      for (const task of [...play.tasks, ...play.handlers]) this.#note(task, playbook.file);
  }

  #note(task: Task, playbook: string): void {
    const { loopVar, indexVar } = task.loopControl;
    if (task.loop !== undefined) this.loopVariables.add(loopVar);
    if (indexVar !== undefined) this.loopVariables.add(indexVar);
    if (task.register !== undefined) this.#made.add(task.register);
    const gathered = gatheredBy[task.module];
    if (gathered !== undefined) this.#made.add(gathered);
    if (task.module === 'set_fact')
      for (const key of Object.keys(task.args)) {
        if (isTemplate(key) || key === '_raw_params') this.dynamic = true;
        this.#made.add(key);
      }
    if (task.module === 'include_vars') this.#noteFile(task, playbook);
    if (task.module === 'add_host') for (const key of Object.keys(task.args)) this.#made.add(key);
  }

  #noteFile(task: Task, playbook: string): void {
    const { name, _raw_params: raw, file = raw } = task.args;
    if (typeof name === 'string' && !isTemplate(name)) {
      this.#made.add(name);
      return;
    }
    const path =
      typeof file === 'string' && !isTemplate(file) ? localFile(task, playbook, 'vars', file) : undefined;
    if (path === undefined || !existsSync(path)) {
      this.dynamic = true;
      return;
    }
    try {
      const values = readYamlFile(path);
      if (isMapping(values)) for (const key of Object.keys(values)) this.#made.add(key);
    } catch {
      this.dynamic = true;
    }
  }

  /**
   * Whether a task of a play can see a variable of this name. `elsewhere`: only hosts outside the play have it.
   */
  knows(name: string, play: Play, task: Task): 'yes' | 'no' | 'elsewhere' {
    if (magic.has(name) || name.startsWith('ansible_') || this.#made.has(name)) return 'yes';
    const { loopVar, indexVar } = task.loopControl;
    if ((task.loop !== undefined && name === loopVar) || name === indexVar) return 'yes';
    const sources = [this.#ofPlay(play), task.defaults, task.layers];
    if (sources.some((layers) => layers.some((layer) => Object.hasOwn(layer.values, name)))) return 'yes';
    return this.#everywhere.some((layer) => Object.hasOwn(layer.values, name)) ? 'elsewhere' : 'no';
  }

  /** The layers that define a name for a task, whatever their precedence. */
  definitions(name: string, play: Play, task: Task): Layer[] {
    const found = new Set<Layer>();
    for (const layers of [this.#ofPlay(play), task.defaults, task.layers])
      for (const layer of layers) if (Object.hasOwn(layer.values, name)) found.add(layer);
    return [...found];
  }

  /** Names that a word might have been meant to be. */
  candidates(play: Play, task: Task): string[] {
    const layers = [...this.#ofPlay(play), ...task.defaults, ...task.layers];
    return [...magic, ...this.#made, ...layers.flatMap((layer) => Object.keys(layer.values))].filter(
      (name) => name.length > 2,
    );
  }

  #ofPlay(play: Play): readonly Layer[] {
    let layers = this.#layersOf.get(play);
    if (layers === undefined) {
      const hosts = this.#playHosts.get(play);
      const ofHosts = hosts?.flatMap((host) => this.#inventory.hosts.get(host)?.layers ?? []);
      layers = [...new Set([...(ofHosts ?? this.#everywhere), ...play.layers, this.#extra])];
      this.#layersOf.set(play, layers);
    }
    return layers;
  }
}
