import type { Place, Problem } from '../errors.ts';

/** Variables of one source, in the order of precedence that Ansible gives the sources. */
export interface Layer {
  /** "group_vars/web.yaml", "inventory group web", "role defaults nginx": shown by explain and in errors. */
  readonly origin: string;
  /** Plain located values (see yaml/located.ts), templates in them not yet rendered. */
  readonly values: Readonly<Record<string, unknown>>;
}

export interface InventoryHost {
  readonly name: string;
  readonly place: Place;
  /** Own groups and their ancestors, sorted by name, without `all`: Ansible's group_names. */
  readonly groups: readonly string[];
  /** The source that named it first: Ansible's inventory_file. Absent for hosts that a run added. */
  readonly file?: string;
  /** Folder of that source: Ansible's inventory_dir. */
  readonly directory?: string;
  /** Lowest precedence first: all, parents, children, host; inventory file before group_vars/ and host_vars/. */
  readonly layers: readonly Layer[];
}

export interface Inventory {
  /** The first source: absolute path of a file or folder, or a list of hosts (`a,b,`). */
  readonly file: string;
  /** Absolute path of its folder (a folder is its own), or the working directory. */
  readonly directory: string;
  /** All sources, in the order given: later ones override. */
  readonly sources?: readonly string[];
  /** In the order of the sources. */
  readonly hosts: ReadonlyMap<string, InventoryHost>;
  /** Ansible's implicit localhost: member of no group and not in `hosts`. Absent when the sources name a localhost. */
  readonly localhost?: InventoryHost;
  /** Group name -> host names in Ansible's order; `all` and `ungrouped` included: Ansible's `groups`. */
  readonly groups: ReadonlyMap<string, readonly string[]>;
  /** Folder of kept state: `.foobar/<inventory name>` beside the first source. Not created by reading. */
  readonly stateDirectory: string;
  /** What is odd but does not stop a run. */
  readonly warnings?: readonly Problem[];
}
