import type { VaultSources } from '../vault/passwords.ts';

/** What `provision` and `plan` were asked for, as given on the command line. */
export interface RunOptions {
  /** Sources of the inventory: INVENTORY, then those given with -i; later ones override. */
  readonly inventory: string | readonly string[];
  /** Default: playbooks/site.yaml here, else beside the inventory's folder. */
  readonly playbook?: string;
  /** A host pattern. */
  readonly limit?: string;
  readonly tags: readonly string[];
  readonly skipTags: readonly string[];
  readonly check: boolean;
  readonly diff: boolean;
  /** How many hosts are connected to at the same time. */
  readonly forks?: number;
  /** `name=value ...`, JSON, or `@file`, as Ansible's -e. */
  readonly extraVars: readonly string[];
  /** Where vault passwords come from. */
  readonly vault?: VaultSources;
  /** Default: live on a terminal, else plain. */
  readonly output?: 'live' | 'plain' | 'json';
  readonly verbosity: number;
  /** `plan`: exit 2 when there are changes. */
  readonly exitOnChanges?: boolean;
  /** Aborted by Ctrl-C. */
  readonly signal: AbortSignal;
}
