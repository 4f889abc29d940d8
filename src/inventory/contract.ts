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
  /** Own groups and their ancestors, sorted by name, without `all` and `ungrouped`: Ansible's group_names. */
  readonly groups: readonly string[];
  /** Lowest precedence first: all, parents, children, host; inventory file before group_vars/ and host_vars/. */
  readonly layers: readonly Layer[];
}

export interface Inventory {
  /** Absolute path of the inventory file. */
  readonly file: string;
  /** Absolute path of its folder: Ansible's inventory_dir. */
  readonly directory: string;
  /** In the order of the file. */
  readonly hosts: ReadonlyMap<string, InventoryHost>;
  /** Group name -> host names in the order of the file; `all` and `ungrouped` included: Ansible's `groups`. */
  readonly groups: ReadonlyMap<string, readonly string[]>;
  /** Folder of kept state: `.foobar/<inventory name>` beside the inventory. Not created by reading. */
  readonly stateDirectory: string;
  /** What is odd but does not stop a run. */
  readonly warnings?: readonly Problem[];
}
