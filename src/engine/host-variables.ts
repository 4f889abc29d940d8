import type { Inventory, InventoryHost } from '../inventory/contract.ts';
import type { Play } from '../playbook/contract.ts';
import type { ScopeLayer } from '../template/scope.ts';

type Values = Readonly<Record<string, unknown>>;

/** What a run learns of one host: kept over all plays. */
export class HostVariables {
  /** Replaced when the inventory grows. */
  host: InventoryHost;
  /** From include_vars. */
  readonly included: Record<string, unknown> = {};
  /** From set_fact and register. */
  readonly set: Record<string, unknown> = {};
  /** Both, as they are when they are read. */
  readonly learned: readonly ScopeLayer[] = [
    { origin: 'include_vars', values: this.included },
    { origin: 'set_fact and register', values: this.set, literal: true },
  ];
  /** Changes were made, or in check mode planned: then what is there later cannot be known yet. */
  unsure = false;
  /** The variables that nobody sets, as they were made last. */
  magic:
    | { readonly inventory: Inventory; readonly play: Play | undefined; readonly layer: ScopeLayer }
    | undefined;
  #facts: Values = {};
  #layer: ScopeLayer | undefined;

  constructor(host: InventoryHost) {
    this.host = host;
  }

  /** Named as modules name their `ansible_facts`. */
  get facts(): Values {
    return this.#facts;
  }

  /** Adds to what is known, named as modules name their `ansible_facts`. */
  learn(facts: Values): void {
    this.#facts = { ...this.#facts, ...facts };
    this.#layer = undefined;
  }

  forgetFacts(): void {
    this.#facts = {};
    this.#layer = undefined;
  }

  /** By the names that modules give them, and all without `ansible_` in `ansible_facts`, as in Ansible. */
  factLayer(): ScopeLayer {
    this.#layer ??= {
      origin: 'facts',
      values: {
        ...Object.fromEntries(Object.entries(this.#facts).filter(([name]) => !isConnection(name))),
        ansible_facts: Object.fromEntries(
          Object.entries(this.#facts).map(([name, value]) => [
            name.replace(/^ansible_(?!local$)/, ''),
            value,
          ]),
        ),
      },
      literal: true,
    };
    return this.#layer;
  }
}

/** A host's answer must not tell how to reach it: as in Ansible these are no variables by themselves. */
function isConnection(name: string): boolean {
  return (
    /^ansible_(connection|host|port|user|remote_.*|shell_.*|become(_.*)?|.*_interpreter)$/.test(name) ||
    /^ansible_ssh_(?!host_key_)/.test(name)
  );
}
