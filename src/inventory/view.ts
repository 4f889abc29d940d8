import { join } from 'node:path';
import type { Problem } from '../errors.ts';
import type { Inventory, InventoryHost, Layer } from './contract.ts';
import { type InventoryData, localhostNames } from './data.ts';
import { VariableFolder } from './layers.ts';

/** The folders whose group_vars/ and host_vars/ count, lowest precedence first, with what was read from them. */
export class VariableFolders {
  readonly groups: readonly VariableFolder[];
  readonly hosts: readonly VariableFolder[];

  constructor(directories: readonly string[], problems: Problem[]) {
    this.groups = directories.map((directory) => new VariableFolder(join(directory, 'group_vars'), problems));
    this.hosts = directories.map((directory) => new VariableFolder(join(directory, 'host_vars'), problems));
  }
}

/** Hosts, groups and variables of what was read, as the rest of foobar sees them. */
export function viewOf(
  data: InventoryData,
  folders: VariableFolders,
): Pick<Inventory, 'hosts' | 'groups' | 'localhost'> {
  const layersOf = groupLayers(data, folders);
  const memberships = data.memberships();
  const shared = new Map<string, { groups: readonly string[]; layers: readonly Layer[] }>();
  /** Most hosts have their groups in common with others. */
  const inGroups = (own: readonly string[]) => {
    const key = own.join('\0');
    let known = shared.get(key);
    if (known === undefined) {
      const groups = data.ancestors(own);
      known = { groups: [...groups].filter((group) => group !== 'all').sort(), layers: layersOf(groups) };
      shared.set(key, known);
    }
    return known;
  };
  const view = (name: string): InventoryHost => {
    const host = data.hosts.get(name) ?? data.localhost;
    if (host === undefined) throw new Error(`bug: no host ${name}`);
    const { groups, layers } = inGroups(memberships.get(name) ?? []);
    const { source } = host;
    return {
      name,
      place: host.place,
      groups,
      layers: [
        ...layers,
        ...host.variables,
        ...(name.startsWith('/') ? [] : folders.hosts.flatMap((folder) => folder.of(name))),
      ],
      ...(source !== undefined && { file: source.name }),
      ...(source?.directory !== undefined && { directory: source.directory }),
    };
  };
  const localhost = localhostOf(data);
  return {
    hosts: new Map([...data.hosts.keys()].map((name) => [name, view(name)])),
    groups: new Map([...data.groups.keys()].map((name) => [name, data.members(name)])),
    ...(localhost !== undefined && { localhost: view(localhost) }),
  };
}

/** The variables that members of some groups get from them, lowest precedence first: Ansible's order. */
export function groupLayers(
  data: InventoryData,
  folders: VariableFolders,
): (names: ReadonlySet<string>) => readonly Layer[] {
  const sorted = data.sortedGroups();
  const known = new Map<string, readonly Layer[]>();
  return (names) => {
    const mine = sorted.filter(({ name }) => name === 'all' || names.has(name));
    const key = mine.map(({ name }) => name).join('\0');
    let layers = known.get(key);
    if (layers === undefined) {
      const others = mine.filter(({ name }) => name !== 'all' && !name.startsWith('/'));
      layers = [
        ...mine.flatMap(({ variables }) => variables),
        ...folders.groups.flatMap((folder) => folder.of('all')),
        ...folders.groups.flatMap((folder) => others.flatMap(({ name }) => folder.of(name))),
      ];
      known.set(key, layers);
    }
    return layers;
  };
}

/** Ansible makes a localhost when it is asked for and no source named one. */
function localhostOf(data: InventoryData): string | undefined {
  if (localhostNames.some((name) => data.hosts.has(name))) return undefined;
  data.localhost ??= {
    name: 'localhost',
    place: { file: 'localhost', line: 1, column: 1 },
    variables: [{ origin: 'implicit localhost', values: { ansible_connection: 'local' } }],
    source: undefined,
    bare: false,
  };
  return data.localhost.name;
}
