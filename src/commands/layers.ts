import type { Place } from '../errors.ts';
import type { InventoryHost, Layer } from '../inventory/contract.ts';
import { selectHosts } from '../inventory/patterns.ts';
import type { Play, Task } from '../playbook/contract.ts';
import { keyPlaceOf } from '../yaml/located.ts';
import type { Project } from './project.ts';

/** Where in a playbook a layer counts. */
export interface Within {
  readonly text: string;
}

/** A layer of variables of a host; without `within` it counts everywhere. */
export interface Entry {
  readonly layer: Layer;
  readonly within?: Within;
  placeOf(name: string): Place | undefined;
}

type Sources = Pick<Project, 'inventory' | 'playbook' | 'extra'>;

/** All layers that a host's variables may come from, lowest precedence first, each once. */
export function entriesOf(project: Sources, host: InventoryHost): Entry[] {
  const plays = playsOf(project, host);
  const one = plays.length === 1;
  const entries: Entry[] = [];
  const seen = new Set<Layer>();
  const add = (layers: readonly Layer[], within?: string) => {
    for (const layer of layers) {
      if (seen.has(layer)) continue;
      seen.add(layer);
      const placeOf = (name: string) => keyPlaceOf(layer.values, name);
      entries.push({ layer, placeOf, ...(within !== undefined && { within: { text: within } }) });
    }
  };
  const tasks = plays.flatMap((play) => [...play.tasks, ...play.handlers].map((task) => ({ play, task })));
  for (const { task } of tasks) add(task.defaults, one ? undefined : `in role ${task.role?.name}`);
  add(host.layers);
  for (const play of plays) add(play.layers, one ? undefined : `in play ${play.name}`);
  for (const { task } of tasks) add(task.layers, inTask(task));
  for (const { task } of tasks) add(task.params ?? [], inTask(task));
  add([project.extra]);
  return entries;
}

/** The layers of `entriesOf` that count everywhere. */
export function scopeLayers(project: Sources, host: InventoryHost): Layer[] {
  return entriesOf(project, host).flatMap(({ layer, within }) => (within === undefined ? [layer] : []));
}

function inTask(task: Task): string {
  return task.role ? `in role ${task.role.name}` : `in task ${task.name}`;
}

function playsOf({ inventory, playbook }: Sources, host: InventoryHost): Play[] {
  return playbook.plays.filter((play) => {
    try {
      return selectHosts(play.hosts, inventory).includes(host.name);
    } catch {
      // A pattern with templates: the play may be for this host.
      return true;
    }
  });
}
