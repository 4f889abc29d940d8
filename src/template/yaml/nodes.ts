import { TaskFailure } from '../../errors.ts';
import { compare } from '../comparison.ts';
import { entriesOf } from '../keys.ts';
import { isFloat, isNumeric, numberText } from '../numbers.ts';
import { defined, isDict, omit, Range, text, typeName } from '../python.ts';

type ScalarStyle = '' | "'" | '"' | '|' | '>';

export type Node =
  | {
      readonly kind: 'scalar';
      readonly value: string;
      readonly style: ScalarStyle;
      /** Its type shows when it is written plain, and when it is written in quotes. */
      readonly plainImplicit: boolean;
      readonly quotedImplicit: boolean;
    }
  | { readonly kind: 'sequence'; readonly items: readonly Node[]; readonly flow: boolean }
  | {
      readonly kind: 'mapping';
      readonly pairs: readonly (readonly [Node, Node])[];
      readonly flow: boolean;
    };

export interface Styles {
  /** Null: collections that hold only plain scalars are written in flow style. */
  readonly flow: boolean | null;
  readonly scalar: ScalarStyle;
  readonly sortKeys: boolean;
}

/** PyYAML's SafeRepresenter: a value as nodes. */
export function represent(value: unknown, styles: Styles): Node {
  defined(value);
  if (Array.isArray(value) && !(value instanceof Range)) {
    const items = value.map((item) => represent(item, styles));
    return { kind: 'sequence', items, flow: styles.flow ?? items.every(isPlain) };
  }
  if (isDict(value)) {
    const entries = entriesOf(value);
    if (styles.sortKeys) sort(entries);
    const pairs = entries.map(([key, item]) => [represent(key, styles), represent(item, styles)] as const);
    return { kind: 'mapping', pairs, flow: styles.flow ?? pairs.flat().every(isPlain) };
  }
  const [tag, written] = scalar(value);
  return {
    kind: 'scalar',
    value: written,
    style: styles.scalar,
    plainImplicit: resolve(written) === tag,
    quotedImplicit: tag === 'str',
  };
}

function isPlain(node: Node): boolean {
  return node.kind === 'scalar' && node.style === '';
}

/** Keys of several types have no order: then they stay as they are. */
function sort(entries: [unknown, unknown][]): void {
  const sorted = [...entries];
  try {
    sorted.sort(([left], [right]) => compare(left, right));
  } catch (error) {
    if (error instanceof TaskFailure) return;
    throw error;
  }
  entries.splice(0, entries.length, ...sorted);
}

type Tag = 'str' | 'null' | 'bool' | 'int' | 'float' | 'timestamp' | 'merge' | 'value';

function scalar(value: unknown): [Tag, string] {
  if (typeof value === 'string') return ['str', value];
  if (value === null || value === undefined) return ['null', 'null'];
  if (typeof value === 'boolean') return ['bool', String(value)];
  if (isNumeric(value))
    return isFloat(value) ? ['float', floatYaml(Number(value))] : ['int', numberText(value)];
  if (value instanceof Date) return ['timestamp', text(value)];
  if (value === omit) throw new TaskFailure("'omit' cannot be written as YAML");
  throw new TaskFailure(`a value of the type '${typeName(value)}' cannot be written as YAML`);
}

function floatYaml(value: number): string {
  if (Number.isNaN(value)) return '.nan';
  if (!Number.isFinite(value)) return value < 0 ? '-.inf' : '.inf';
  const written = isFloat(value) ? numberText(value) : `${numberText(BigInt(value))}.0`;
  const short =
    Math.abs(value) >= 1e16 || (value !== 0 && Math.abs(value) < 1e-4) ? exponent(value) : written;
  return short.includes('.') || !short.includes('e') ? short : short.replace('e', '.0e');
}

function exponent(value: number): string {
  return value.toExponential().replace(/e([+-])(\d)$/, 'e$10$2');
}

const patterns: readonly (readonly [Tag, RegExp])[] = [
  ['bool', /^(?:yes|Yes|YES|no|No|NO|true|True|TRUE|false|False|FALSE|on|On|ON|off|Off|OFF)$/],
  [
    'float',
    /^(?:[-+]?\d[\d_]*\.[\d_]*(?:[eE][-+]\d+)?|\.\d[\d_]*(?:[eE][-+]\d+)?|[-+]?\d[\d_]*(?::[0-5]?\d)+\.[\d_]*|[-+]?\.(?:inf|Inf|INF)|\.(?:nan|NaN|NAN))$/,
  ],
  [
    'int',
    /^(?:[-+]?0b[01_]+|[-+]?0[0-7_]+|[-+]?(?:0|[1-9][\d_]*)|[-+]?0x[\da-fA-F_]+|[-+]?[1-9][\d_]*(?::[0-5]?\d)+)$/,
  ],
  ['merge', /^<<$/],
  ['null', /^(?:~|null|Null|NULL|)$/],
  [
    'timestamp',
    /^(?:\d{4}-\d\d-\d\d|\d{4}-\d\d?-\d\d?(?:[Tt]|[ \t]+)\d\d?:\d\d:\d\d(?:\.\d*)?(?:[ \t]*(?:Z|[-+]\d\d?(?::\d\d)?))?)$/,
  ],
  ['value', /^=$/],
];

/** The type that YAML 1.1 takes a plain text for. */
function resolve(written: string): Tag {
  return patterns.find(([, pattern]) => pattern.test(written))?.[0] ?? 'str';
}
