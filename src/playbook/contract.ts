import type { Place, Problem } from '../errors.ts';
import type { Layer } from '../inventory/contract.ts';

/** An expression without braces (`when`), with its place. */
export interface Expression {
  readonly text: string;
  readonly place: Place;
}

export interface Become {
  readonly become?: unknown;
  readonly user?: unknown;
  readonly method?: unknown;
  readonly exe?: unknown;
  readonly flags?: unknown;
}

/** How to reach a host, where a play, role, block or task says so itself. Below the inventory's variables. */
export interface Connect {
  readonly user?: unknown;
  readonly port?: unknown;
  readonly connection?: unknown;
}

/** A block with `rescue` or `always`. Its identity counts; a block without them only hands its keywords down. */
export interface Block {
  readonly place: Place;
  readonly name?: string;
  /** Which of the parts have tasks. */
  readonly rescue: boolean;
  readonly always: boolean;
}

/** Where in a block a task stands. */
export interface Frame {
  readonly block: Block;
  readonly part: 'block' | 'rescue' | 'always';
}

/** What a task goes through, item by item. */
export interface Loop {
  /** The lookup behind `with_<lookup>`; absent for `loop`, which takes a list. */
  readonly lookup?: string;
  /** A list, terms or a template that gives one. */
  readonly value: unknown;
}

export interface LoopControl {
  readonly loopVar: string;
  readonly indexVar?: string;
  readonly label?: unknown;
  /** Seconds between items. */
  readonly pause?: unknown;
  /** Gives `ansible_loop`. */
  readonly extended?: unknown;
  readonly extendedAllitems?: unknown;
  readonly breakWhen?: readonly Expression[];
}

/** What an `include_tasks` or `include_role` brings in when it is carried out. */
export interface Included {
  readonly tasks: readonly Task[];
  /** Handlers that become known with them (`include_role`). */
  readonly handlers: readonly Task[];
  /** Role defaults and vars that the rest of the play sees too (`public: true`), else empty. */
  readonly defaults: readonly Layer[];
  readonly layers: readonly Layer[];
}

/** A dynamic include: read when it is carried out, once for the same arguments. */
export interface Include {
  /**
   * @param args the include's parameters, rendered
   * @throws ProjectError with every mistake in what is included
   */
  read(args: Readonly<Record<string, unknown>>): Included;
}

/** A question of `vars_prompt`. */
export interface Prompt {
  readonly name: string;
  readonly place: Place;
  readonly prompt: string;
  readonly private: boolean;
  readonly confirm: boolean;
  readonly default?: unknown;
  readonly encrypt?: string;
  readonly salt?: string;
  readonly saltSize?: number;
  readonly unsafe: boolean;
}

export interface Role {
  /** With its collection, if it is in one. */
  readonly name: string;
  /** The collection that it is in: `namespace.name`. */
  readonly collection?: string;
  /** Absolute path of the role's folder. */
  readonly directory: string;
  /**
   * The same for every asking for the role with the same parameters, when and tags. Where a task of one asking (one
   * Role object) was carried out and not skipped, the tasks of later askings are left out on that host. Absent: the
   * role runs each time (include_role, import_role, allow_duplicates).
   */
  readonly once?: string;
  /** It is there because another role depends on it. */
  readonly dependency?: true;
}

/** One task of a play with everything that its blocks, role and play hand down already merged in. */
export interface Task {
  /** As shown: the task's name (templated) or its module; "role : name" is put together by the engine. */
  readonly name: string;
  readonly place: Place;
  /** Short name; `ansible.builtin.` and the like taken off. */
  readonly module: string;
  /** Module parameters, located, templates not yet rendered. A free form stands under `_raw_params`. */
  readonly args: Readonly<Record<string, unknown>>;
  /**
   * What lies below `args` where some parameters come from one template (`apt: "{{ options }}"`): mappings, and
   * templates that give one; lowest first.
   */
  readonly argsBelow?: readonly unknown[];
  /** All must hold; outer blocks' first. */
  readonly when: readonly Expression[];
  readonly loop?: Loop;
  readonly loopControl: LoopControl;
  readonly register?: string;
  readonly notify: readonly string[];
  readonly listen: readonly string[];
  readonly changedWhen?: readonly Expression[];
  readonly failedWhen?: readonly Expression[];
  readonly until?: readonly Expression[];
  readonly retries?: unknown;
  readonly delay?: unknown;
  readonly delegateTo?: unknown;
  /** Facts go to the host that the task is delegated to. */
  readonly delegateFacts?: unknown;
  readonly runOnce: unknown;
  readonly ignoreErrors: unknown;
  readonly ignoreUnreachable?: unknown;
  readonly anyErrorsFatal?: unknown;
  /** Seconds after which the task failed. */
  readonly timeout?: unknown;
  /** How many hosts are at it at the same time at most. */
  readonly throttle?: unknown;
  /** Seconds that it may take in the background. */
  readonly async?: unknown;
  /** Seconds between looking whether it has ended; 0: it is left alone. */
  readonly poll?: unknown;
  readonly noLog: unknown;
  /** `check_mode: false` runs it in check mode too. */
  readonly checkMode?: unknown;
  /** `diff: false` shows no differences. */
  readonly diff?: unknown;
  readonly become: Become;
  readonly connect?: Connect;
  readonly environment: readonly unknown[];
  readonly tags: readonly string[];
  readonly role?: Role;
  /** The blocks with rescue or always around it, outermost first. */
  readonly frames?: readonly Frame[];
  /** Of include_tasks and include_role. */
  readonly include?: Include;
  /** Variables that come with the task, lowest precedence first: role defaults are in `defaults`. */
  readonly defaults: readonly Layer[];
  /** Vars of roles, blocks and the task. Below include_vars, set_fact and registered variables. */
  readonly layers: readonly Layer[];
  /** Parameters of roles and includes: above set_fact and registered variables. */
  readonly params?: readonly Layer[];
}

export interface Play {
  readonly name: string;
  readonly place: Place;
  /** Host pattern, not yet templated. */
  readonly hosts: string;
  readonly gatherFacts: boolean;
  /** Only on hosts whose facts are not known yet: `gathering = smart`. */
  readonly gathersOnce?: boolean;
  readonly gatherSubset?: unknown;
  readonly gatherTimeout?: unknown;
  readonly factPath?: unknown;
  /** What `module_defaults` say of gathering: mappings and templates that give one, lowest first. */
  readonly gatherDefaults?: readonly unknown[];
  /** Its own tags, which gathering facts has too; without any it always runs. */
  readonly tags?: readonly string[];
  readonly strategy?: 'linear' | 'free';
  readonly order?: 'inventory' | 'sorted' | 'reverse_sorted' | 'reverse_inventory' | 'shuffle';
  readonly anyErrorsFatal?: unknown;
  readonly maxFailPercentage?: unknown;
  readonly forceHandlers?: unknown;
  readonly throttle?: unknown;
  readonly connect?: Connect;
  readonly prompts?: readonly Prompt[];
  /** Entries of vars_files with templates in them: each a list of names of which the first that exists counts. */
  readonly lateVarsFiles?: readonly (readonly string[])[];
  /** Batch sizes as written: numbers, "30%"; empty = all at once. */
  readonly serial: readonly (number | string)[];
  readonly become: Become;
  /** Play vars and vars_files, lowest precedence first. */
  readonly layers: readonly Layer[];
  /** In order; a `meta: flush_handlers` after pre_tasks, after roles and tasks, and after post_tasks, as in Ansible. */
  readonly tasks: readonly Task[];
  /** Those of roles first; of two with the same name the later one counts. */
  readonly handlers: readonly Task[];
}

export interface Playbook {
  /** Absolute path. */
  readonly file: string;
  readonly plays: readonly Play[];
  /** What is odd but does not stop a run. */
  readonly warnings?: readonly Problem[];
}
