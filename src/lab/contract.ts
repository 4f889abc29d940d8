import type { Place } from '../errors.ts';

/** A host of the lab: a bare Debian server with an address on the lab's bridge. */
export interface LabHost {
  readonly name: string;
  /** What it is made from. `twin` has Ansible and what Ansible's modules need of a host. Default: bare. */
  readonly image?: 'twin';
  readonly address: string;
  readonly address6?: string;
}

/** What is to stand in the lab, read from an inventory. */
export interface LabPlan {
  /** Absolute path of the inventory: a lab's identity. */
  readonly inventory: string;
  /** Folder for what the controller needs: client key, known_hosts, roots of the lab's authorities. */
  readonly directory: string;
  readonly hosts: readonly LabHost[];
  /** Where the inventory says so, by host name: for errors. */
  readonly places?: ReadonlyMap<string, Place>;
  /** Names of the site, and the addresses that they lead to in the lab's DNS. */
  readonly site: { readonly names: readonly string[]; readonly addresses: readonly string[] };
}

export interface HostStatus {
  readonly host: LabHost;
  readonly state: 'running' | 'cut' | 'stopped' | 'absent';
}

/** Where progress goes: one calm line at a time. */
export type Say = (line: string) => void;
