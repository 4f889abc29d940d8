import { TaskFailure } from '../errors.ts';
import type { Layer } from '../inventory/contract.ts';
import type { ScopeOptions, Variables } from './environment.ts';
import { NotKnownYet, Pending, UndefinedVariable } from './failures.ts';
import { lazily } from './lazy.ts';
import { putOff, Undefined } from './python.ts';

export type { ScopeOptions } from './environment.ts';
export { NotKnownYet, Pending, UndefinedVariable };

/** A layer of variables. `literal` values are data (facts, registered results, loop items): never templates. */
export interface ScopeLayer extends Layer {
  readonly literal?: boolean;
}

/** In a literal layer: a value that is made when it is asked for. */
export class AtNeed {
  readonly make: () => unknown;

  constructor(make: () => unknown) {
    this.make = make;
  }
}

/** One layer, or a list of layers that never changes and serves many scopes: where its names stand is noted once. */
export type Level = ScopeLayer | readonly ScopeLayer[];

const indexes = new WeakMap<readonly ScopeLayer[], ReadonlyMap<string, ScopeLayer>>();

/**
 * The variables that a task sees. Values are rendered when they are asked for, once; the templates in them see
 * this whole scope. Getters and Proxies in layers are read only when their names are asked for.
 */
export class Scope implements Variables {
  readonly options: ScopeOptions;
  readonly #levels: readonly Level[];
  readonly #rendered = new Map<string, unknown>();
  readonly #underWay: string[] = [];

  /** Levels with the lowest precedence first. */
  constructor(levels: readonly Level[], options: ScopeOptions) {
    this.#levels = levels;
    this.options = options;
  }

  /** The scope with one more layer on top: literal values, unless they are said to be templates. */
  with(
    values: Readonly<Record<string, unknown>>,
    origin: string,
    kind: 'literal' | 'templates' = 'literal',
  ): Scope {
    return new Scope([...this.#levels, { origin, values, literal: kind === 'literal' }], this.options);
  }

  /** True when something defines the name. Throws NotKnownYet when only a later task can tell. */
  has(name: string): boolean {
    const layer = this.#layer(name);
    const descriptor = layer && Object.getOwnPropertyDescriptor(layer.values, name);
    if (descriptor?.value instanceof Pending) throw new NotKnownYet(name);
    return layer !== undefined;
  }

  /** The rendered value. Throws UndefinedVariable, or NotKnownYet. */
  get(name: string): unknown {
    const value = this.lookup(name);
    return value instanceof Undefined ? value.fail() : value;
  }

  /** Like `get`, but gives an Undefined where nothing defines the name. */
  lookup(name: string): unknown {
    if (this.#rendered.has(name)) return this.#rendered.get(name);
    const layer = this.#layer(name);
    if (layer === undefined) return this.#absent(name);
    let raw = layer.values[name];
    if (raw instanceof Pending) throw new NotKnownYet(raw.variable);
    if (raw instanceof AtNeed) raw = raw.make();
    const value = layer.literal ? raw : this.#render(name, raw);
    this.#rendered.set(name, value);
    return value;
  }

  /** Where the value comes from: "group_vars/web.yaml". */
  origin(name: string): string | undefined {
    return this.#layer(name)?.origin;
  }

  names(): string[] {
    return [...new Set(this.#levels.flat().flatMap((layer) => Object.keys(layer.values)))];
  }

  /** All variables as one dict that renders on access: `vars`, and what `hostvars[name]` gives. */
  asDict(): Record<string, unknown> {
    return new Proxy<Record<string, unknown>>(
      {},
      {
        get: (_target, name) => (typeof name === 'string' && this.has(name) ? this.get(name) : undefined),
        has: (_target, name) => typeof name === 'string' && this.has(name),
        ownKeys: () => this.names(),
        getOwnPropertyDescriptor: (_target, name) =>
          typeof name === 'string' && this.#layer(name)
            ? { configurable: true, enumerable: true, get: () => this.get(name) }
            : undefined,
      },
    );
  }

  #layer(name: string): ScopeLayer | undefined {
    for (let index = this.#levels.length - 1; index >= 0; index -= 1) {
      const level = this.#levels[index] as Level;
      const layer = isList(level) ? indexOf(level).get(name) : Object.hasOwn(level.values, name) && level;
      if (layer) return layer;
    }
    return undefined;
  }

  #absent(name: string): unknown {
    return name === 'vars' ? this.asDict() : new Undefined(name, `'${name}' is undefined`);
  }

  #render(name: string, raw: unknown): unknown {
    if (this.#underWay.includes(name))
      throw new TaskFailure(
        `'${name}' is defined by itself: ${[...this.#underWay, name].join(' -> ')}`,
        'a variable cannot use its own name, also not through others; give the inner value another name',
      );
    this.#underWay.push(name);
    try {
      return lazily(raw, this);
    } catch (error) {
      return putOff(error);
    } finally {
      this.#underWay.pop();
    }
  }
}

function isList(level: Level): level is readonly ScopeLayer[] {
  return Array.isArray(level);
}

/** The uppermost layer of each name. */
function indexOf(layers: readonly ScopeLayer[]): ReadonlyMap<string, ScopeLayer> {
  let index = indexes.get(layers);
  if (!index) {
    index = new Map(layers.flatMap((layer) => Object.keys(layer.values).map((name) => [name, layer])));
    indexes.set(layers, index);
  }
  return index;
}
