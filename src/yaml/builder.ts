import {
  dump,
  type Event,
  getScalarValue,
  parseEvents,
  type ScalarEvent,
  YAML11_SCHEMA,
  YAMLException,
} from 'js-yaml';
import { type Problem, ProjectError } from '../errors.ts';
import { isEncrypted } from '../vault/format.ts';
import { Float } from './float.ts';
import { copyPlace, locate, placeOf, Source } from './places.ts';
import { syntaxProblem } from './syntax-errors.ts';
import { Unsafe } from './unsafe.ts';
import { Vaulted } from './vaulted.ts';

/** The value of a YAML text, every list and mapping in it with its places remembered. Throws ProjectError. */
export function buildYaml(text: string, file: string): unknown {
  const source = new Source(file, text);
  let events: Event[];
  try {
    events = parseEvents(text, { filename: file });
  } catch (error) {
    if (!(error instanceof YAMLException)) throw error;
    throw new ProjectError([syntaxProblem(error.reason, error.mark?.position ?? 0, source, text)]);
  }
  return new Builder(text, source).build(events);
}

/** A plain value as YAML. Long lines are not folded; texts that YAML 1.1 would take for something else are quoted. */
export function dumpYaml(
  value: unknown,
  options: { indent?: number; sortKeys?: boolean; flow?: boolean } = {},
): string {
  return dump(value, {
    schema: YAML11_SCHEMA,
    indent: options.indent ?? 2,
    sortKeys: options.sortKeys ?? false,
    lineWidth: -1,
    noRefs: true,
    flowLevel: options.flow ? 0 : -1,
  });
}

type Container = Record<string, unknown> | unknown[];

interface Scalar {
  readonly value: unknown;
  readonly offset: number;
  readonly text: string;
  readonly merge: boolean;
}

class Builder {
  readonly #text: string;
  readonly #source: Source;
  readonly #problems: Problem[] = [];
  readonly #anchors = new Map<string, unknown>();
  #events: Event[] = [];
  #at = 0;

  constructor(text: string, source: Source) {
    this.#text = text;
    this.#source = source;
  }

  build(events: Event[]): unknown {
    this.#events = events;
    let result: unknown = null;
    if (events[0]?.type === 1) {
      this.#at = 1;
      if (events[1] !== undefined && events[1].type !== 6) result = this.#value(0, false).value;
      const next = events[this.#at + 1];
      if (next !== undefined)
        this.#problem(
          offsetOf(events[this.#at + 2]),
          'a file holds one YAML document',
          'remove the second ---',
        );
    }
    if (this.#problems.length > 0) throw new ProjectError(this.#problems);
    return result;
  }

  #problem(offset: number, message: string, hint?: string): void {
    this.#problems.push({ message, place: this.#source.place(offset), hint, severity: 'error' });
  }

  /** `fallback` is where an empty value is said to stand. */
  #value(fallback: number, unsafe: boolean): Scalar {
    const event = this.#events[this.#at++] as Event;
    if (event.type === 5) {
      const name = this.#text.slice(event.anchorStart, event.anchorEnd);
      if (!this.#anchors.has(name))
        this.#problem(event.anchorStart - 1, `*${name} refers to no anchor above it`);
      return {
        value: this.#anchors.get(name) ?? null,
        offset: event.anchorStart - 1,
        text: `*${name}`,
        merge: false,
      };
    }
    if (event.type !== 2 && event.type !== 3 && event.type !== 4) throw new Error('YAML events out of order');
    const tag = event.tagStart < 0 ? undefined : this.#text.slice(event.tagStart, event.tagEnd);
    const marked = unsafe || tag === '!unsafe';
    const read =
      event.type === 4 ? this.#scalar(event, tag, marked, fallback) : this.#collection(event, tag, marked);
    if (event.anchorStart >= 0)
      this.#anchors.set(this.#text.slice(event.anchorStart, event.anchorEnd), read.value);
    return read;
  }

  #collection(
    event: Event & { start: number; tagStart: number; type: 2 | 3 },
    tag: string | undefined,
    unsafe: boolean,
  ): Scalar {
    const allowed = event.type === 2 ? ['!unsafe', '!!seq'] : ['!unsafe', '!!map'];
    if (tag !== undefined && !allowed.includes(tag)) this.#unknownTag(event.tagStart, tag);
    const value = event.type === 2 ? this.#list(event.start, unsafe) : this.#mapping(event.start, unsafe);
    return { value, offset: event.start, text: '', merge: false };
  }

  #list(start: number, unsafe: boolean): unknown[] {
    const list: unknown[] = [];
    const spots = locate(list, { source: this.#source, offset: start });
    while (this.#events[this.#at]?.type !== 6) {
      const next = this.#events[this.#at];
      const empty = next?.type === 4 && next.valueStart < 0;
      const item = this.#value(empty ? this.#nextDash(start) : start, unsafe);
      spots.values.set(list.length, { source: this.#source, offset: item.offset });
      list.push(item.value);
    }
    this.#at++;
    return list;
  }

  /** Where an empty item would stand: at the next dash after what was read last. */
  #nextDash(start: number): number {
    let from = Math.max(start - 1, 0);
    for (let at = this.#at - 1; at >= 0; at--) {
      const event = this.#events[at] as Event;
      if (event.type !== 4 || event.valueEnd < 0) continue;
      from = Math.max(from, event.valueEnd);
      break;
    }
    const found = /(?:^|\n) *-(?=\s|$)/.exec(this.#text.slice(from));
    return found === null ? start : from + found.index + found[0].length - 1;
  }

  #mapping(start: number, unsafe: boolean): Record<string, unknown> {
    const mapping: Record<string, unknown> = {};
    const spots = locate(mapping, { source: this.#source, offset: start });
    const merges: Container[] = [];
    while (this.#events[this.#at]?.type !== 6) {
      const keyEvent = this.#events[this.#at] as Event;
      const key = this.#value(start, false);
      if (keyEvent.type === 2 || keyEvent.type === 3 || (keyEvent.type === 5 && isContainer(key.value))) {
        const template = this.#text.startsWith('{', key.offset) && this.#text[key.offset - 1] === '{';
        if (template)
          this.#problem(key.offset - 1, 'a value that starts with {{ needs quotes', 'write "{{ name }}"');
        else this.#problem(key.offset, 'a key must be a plain word, not a list or mapping');
        this.#value(key.offset, unsafe);
        continue;
      }
      const value = this.#value(key.offset, unsafe);
      if (key.merge) {
        this.#merge(value, merges);
        continue;
      }
      const name = keyEvent.type === 5 ? String(key.value) : key.text;
      if (Object.hasOwn(mapping, name)) {
        const first = placeOf(mapping, name);
        this.#problem(
          key.offset,
          `${name} is written twice here`,
          first ? `the first is in line ${first.line}` : undefined,
        );
      }
      put(mapping, name, value.value);
      spots.keys.set(name, { source: this.#source, offset: key.offset });
      spots.values.set(name, { source: this.#source, offset: value.offset });
    }
    this.#at++;
    for (const from of merges)
      for (const [name, value] of Object.entries(from))
        if (!Object.hasOwn(mapping, name)) {
          put(mapping, name, value);
          copyPlace(from, name, mapping, name);
        }
    return mapping;
  }

  #merge(value: Scalar, merges: Container[]): void {
    const parts = Array.isArray(value.value) ? value.value : [value.value];
    for (const part of parts) {
      if (isContainer(part) && !Array.isArray(part)) merges.push(part);
      else this.#problem(value.offset, '<< takes a mapping or a list of mappings');
    }
  }

  #scalar(event: ScalarEvent, tag: string | undefined, unsafe: boolean, fallback: number): Scalar {
    const text = getScalarValue(this.#text, event);
    const offset = event.valueStart < 0 ? fallback : this.#firstLetter(event);
    const read = (value: unknown, merge = false): Scalar => ({ value, offset, text, merge });
    if (tag === '!vault' || tag === '!vault-encrypted') {
      if (isEncrypted(text)) return read(new Vaulted(text, this.#source.place(event.tagStart)));
      this.#problem(offset, `what follows ${tag} is not encrypted`, 'foobar vault encrypt-string writes it');
      return read(text);
    }
    if (tag === undefined || tag === '!unsafe') {
      if (event.style !== 1) return read(unsafe ? new Unsafe(text) : text);
      const plain = implicit(text);
      if (plain.merge) return read('<<', true);
      return read(unsafe && typeof plain.value === 'string' ? new Unsafe(plain.value) : plain.value);
    }
    if (tag === '!' || tag === '!!str') return read(text);
    if (tag === '!!float' && /^[-+]?\d+$/.test(text)) return read(new Float(Number(text)));
    const known = YAML11_SCHEMA.lookupScalarTag(tag.replace(/^!!/, 'tag:yaml.org,2002:'));
    const value = known?.resolve(text, true, known.tagName);
    if (known === undefined) this.#unknownTag(event.tagStart, tag);
    else if (typeof value === 'symbol')
      this.#problem(offset, `${JSON.stringify(text)} cannot be read as ${tag}`);
    return read(value);
  }

  /** A block scalar's value starts with its indentation: the place of its first line is where its text starts. */
  #firstLetter(event: ScalarEvent): number {
    if (event.style !== 4 && event.style !== 5) return event.valueStart;
    let at = event.valueStart;
    while (this.#text[at] === ' ') at++;
    return at;
  }

  #unknownTag(offset: number, tag: string): void {
    this.#problem(
      offset,
      `unknown tag ${tag}`,
      'known here: !unsafe, !vault and the standard !!str, !!int, !!float, !!bool, !!null',
    );
  }
}

/** PyYAML's reading of a plain scalar: single letters y and n stay text there, and dates print as they are written. */
function implicit(text: string): { value: unknown; merge: boolean } {
  if (/^[yn]$/i.test(text)) return { value: text, merge: false };
  const { value, tag } = YAML11_SCHEMA.resolveImplicitScalarTag(text);
  if (tag.tagName.endsWith(':merge')) return { value: text, merge: true };
  // Python prints 8.0, where JavaScript knows no difference to 8.
  if (tag.tagName.endsWith(':float') && Number.isInteger(value))
    return { value: new Float(value as number), merge: false };
  return { value: value instanceof Date ? text : value, merge: false };
}

function isContainer(value: unknown): value is Container {
  return value !== null && typeof value === 'object' && !(value instanceof Unsafe || value instanceof Float);
}

function put(mapping: Record<string, unknown>, key: string, value: unknown): void {
  if (key !== '__proto__') mapping[key] = value;
  else Object.defineProperty(mapping, key, { value, writable: true, enumerable: true, configurable: true });
}

function offsetOf(event: Event | undefined): number {
  if (event === undefined) return 0;
  if ('valueStart' in event) return Math.max(event.valueStart, 0);
  return 'start' in event ? event.start : 0;
}
