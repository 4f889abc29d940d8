import type { Configuration } from '../config/configuration.ts';
import type { VaultSources } from '../vault/passwords.ts';
import type { PasswordSources } from './passwords.ts';

export type ListKind = 'hosts' | 'tasks' | 'tags';

/** What `provision` and `plan` were asked for, as given on the command line. */
export interface RunOptions {
  /**
   * Sources of the inventory: INVENTORY, then those given with -i; later ones override. None: those of the
   * configuration.
   */
  readonly inventory: string | readonly string[];
  /** Default: site.yaml or site.yml in playbooks/, here, or beside the inventory. */
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
  /** Where passwords of hosts come from. */
  readonly passwords?: PasswordSources;
  /** Default: live on a terminal, else plain. */
  readonly output?: 'live' | 'plain' | 'json';
  readonly verbosity: number;
  /** `plan`: exit 2 when there are changes. */
  readonly exitOnChanges?: boolean;
  /** `--start-at-task`: name or pattern of the first task that runs. */
  readonly startAtTask?: string;
  /** Ask before each task. */
  readonly step?: boolean;
  /** Handlers run on hosts that failed too. */
  readonly forceHandlers?: boolean;
  /** Forget the facts that earlier runs kept. */
  readonly flushCache?: boolean;
  /** Only list what would be gone through; contacts nobody. */
  readonly lists?: readonly ListKind[];
  /** Write the hosts that failed there, for `--limit @file`. */
  readonly retryFile?: string;
  /** The user to log in as, where the project names none. */
  readonly user?: string;
  readonly privateKey?: string;
  /** `-b`: tasks become another user unless the project says otherwise. */
  readonly become?: boolean;
  readonly becomeUser?: string;
  readonly becomeMethod?: string;
  /** Say where the time went: FILE.html, FILE.json, or '' for text. */
  readonly profile?: string;
  /** What ansible.cfg and the environment say; read when it is not given. */
  readonly configuration?: Configuration;
  /** Aborted by Ctrl-C. */
  readonly signal: AbortSignal;
}
