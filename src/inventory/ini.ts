import { type Place, type Problem, TaskFailure } from '../errors.ts';
import { didYouMean } from '../problems.ts';
import { derived } from '../yaml/located.ts';
import type { InventoryData, Source } from './data.ts';
import { literalValue } from './literal.ts';
import { expandHosts } from './ranges.ts';
import { splitWords, type Word } from './words.ts';

const section = /^\[([^:\]\s]+)(?::(\w+))?\]\s*(?:#.*)?$/;
const kinds = ['hosts', 'children', 'vars'];

/** A group that a section speaks of before, or without, a section that has its hosts or children. */
interface Pending {
  readonly place: Place;
  readonly parents: string[];
  readonly vars: boolean;
  readonly said: string;
}

/** Adds the groups and hosts of an inventory in INI, as Ansible's ini plugin reads it. */
export function readIni(text: string, source: Source, data: InventoryData, problems: Problem[]): void {
  new Ini(source, data, problems).read(text);
}

class Ini {
  readonly #source: Source;
  readonly #data: InventoryData;
  readonly #problems: Problem[];
  readonly #pending = new Map<string, Pending>();
  readonly #variables = new Map<string, { value: unknown; place: Place }>();
  #group = 'ungrouped';
  #kind = 'hosts';
  #line = 0;
  #indent = 0;

  constructor(source: Source, data: InventoryData, problems: Problem[]) {
    this.#source = source;
    this.#data = data;
    this.#problems = problems;
  }

  read(text: string): void {
    for (const whole of text.split(/\r\n|\n|\r/)) {
      this.#line++;
      const line = whole.trim();
      this.#indent = whole.length - whole.trimStart().length;
      if (line !== '' && !/^[;#]/.test(line)) this.#read(line);
    }
    this.#close();
    for (const [name, { place, said, vars }] of this.#pending) {
      const message = `${said}, but no section [${name}] or [${name}:children] is there`;
      const hint = vars ? 'a section of variables needs a group' : didYouMean(name, this.#data.groups.keys());
      this.#problems.push({ message, place, hint, severity: 'error' });
    }
  }

  #read(line: string): void {
    const found = section.exec(line);
    if (found !== null) this.#open(found[1] as string, found[2] ?? 'hosts');
    else if (line.startsWith('[') && line.endsWith(']'))
      this.#mistake(0, `${line} is no section`, 'for example [web], [web:vars] or [site:children]');
    else if (this.#kind === 'vars') this.#variable(line);
    else if (this.#kind === 'children') this.#child(line);
    else if (this.#kind === 'hosts') this.#hosts(line);
  }

  #open(name: string, kind: string): void {
    this.#close();
    this.#group = name;
    this.#kind = kind;
    if (!kinds.includes(kind)) {
      this.#mistake(
        name.length + 2,
        `a section of ${name} is hosts, children or vars, not ${kind}`,
        didYouMean(kind, kinds),
      );
      return;
    }
    const pending = this.#pending.get(name);
    if (!this.#data.groups.has(name)) {
      if (kind === 'vars' && pending === undefined)
        this.#wait(name, { vars: true, said: `[${name}:vars] has variables of group ${name}` });
      this.#data.addGroup(name, this.#place(0));
    }
    if (pending === undefined || kind === 'vars') return;
    this.#pending.delete(name);
    for (const parent of pending.parents) this.#addChild(parent, name, pending.place);
  }

  #hosts(line: string): void {
    let words: Word[];
    try {
      words = splitWords(line);
    } catch (error) {
      this.#mistake(0, `${(error as Error).message} in this line`);
      return;
    }
    const [first, ...pairs] = words as [Word, ...Word[]];
    const names = this.#names(first);
    const values: Record<string, unknown> = {};
    const places = new Map<string, Place>();
    for (const { text, at } of pairs) {
      const equals = text.indexOf('=');
      if (equals < 0)
        this.#mistake(at, `${text} is no variable of a host`, 'write name=value, with quotes around blanks');
      else {
        const key = text.slice(0, equals);
        values[key] = literalValue(text.slice(equals + 1));
        places.set(key, this.#place(at));
      }
    }
    if (names === undefined) return;
    const located = derived(values, this.#place(first.at), (key) => places.get(key) ?? this.#place(0));
    for (const name of names.names) {
      const place = this.#place(first.at);
      const { port } = names;
      const host = this.#data.addHost(name, { place, source: this.#source, group: this.#group, port });
      if (pairs.length > 0 || port !== undefined || names.names.length > 1) host.bare = false;
      if (pairs.length > 0) this.#set(name, located, `inventory host ${name}`, this.#place(first.at));
    }
  }

  #names({ text, at }: Word): { readonly names: string[]; readonly port?: number } | undefined {
    const expanded = expandHosts(text);
    if (expanded === undefined)
      this.#mistake(at, `${text} is no valid host range`, 'for example web[01:03] or db-[a:c]');
    else if (text.endsWith(':'))
      this.#mistake(
        at,
        `${text} ends with a colon, but no port follows`,
        'is this file YAML? Then name it so',
      );
    else if (text === '---')
      this.#mistake(at, '--- starts a file in YAML, not a host', 'name the file .yaml');
    else if (text === '' || /\s/.test(text)) this.#mistake(at, `${JSON.stringify(text)} is no host name`);
    else if (text.includes('='))
      this.#mistake(at, `${text} is no host name`, `variables of a group stand under [${this.#group}:vars]`);
    else return expanded;
    return undefined;
  }

  #variable(line: string): void {
    const equals = line.indexOf('=');
    if (equals < 0) {
      this.#mistake(0, `${line} is no variable`, 'write name=value');
      return;
    }
    const key = line.slice(0, equals).trim();
    this.#variables.set(key, { value: literalValue(line.slice(equals + 1).trim()), place: this.#place(0) });
  }

  /** The variables of a section become known at its end. */
  #close(): void {
    if (this.#variables.size === 0) return;
    const values = Object.fromEntries([...this.#variables].map(([key, { value }]) => [key, value]));
    const placeOf = (key: string) => this.#variables.get(key)?.place ?? this.#place(0);
    const located = derived(values, placeOf(Object.keys(values)[0] ?? ''), placeOf);
    this.#set(this.#group, located, `inventory group ${this.#group}`, placeOf('ansible_group_priority'));
    this.#variables.clear();
  }

  #child(line: string): void {
    const child = /^([^:\]\s]+)\s*(?:#.*)?$/.exec(line)?.[1];
    if (child === undefined) {
      this.#mistake(0, `${line} is no group`, 'each line has the name of one group');
    } else if (this.#data.groups.has(child)) {
      this.#addChild(this.#group, child, this.#place(0));
    } else {
      const pending = this.#pending.get(child);
      if (pending === undefined)
        this.#wait(child, { vars: false, said: `${this.#group} contains ${child}` }, [this.#group]);
      else pending.parents.push(this.#group);
    }
  }

  #wait(name: string, about: { vars: boolean; said: string }, parents: string[] = []): void {
    this.#pending.set(name, { place: this.#place(0), parents, ...about });
  }

  #addChild(parent: string, child: string, place: Place): void {
    if (child === 'all') {
      this.#problems.push({ message: 'all cannot be inside another group', place, severity: 'error' });
      return;
    }
    try {
      this.#data.addChild(parent, child);
    } catch (error) {
      if (!(error instanceof TaskFailure)) throw error;
      this.#problems.push({ message: error.message, place, hint: error.hint, severity: 'error' });
    }
  }

  #set(name: string, values: Record<string, unknown>, origin: string, place: Place): void {
    try {
      this.#data.set(name, { origin, values });
    } catch (error) {
      if (!(error instanceof TaskFailure)) throw error;
      this.#problems.push({ message: error.message, place, hint: error.hint, severity: 'error' });
    }
  }

  /** `at` counts from the line's first letter. */
  #place(at: number): Place {
    return { file: this.#source.name, line: this.#line, column: this.#indent + at + 1 };
  }

  #mistake(at: number, message: string, hint?: string): void {
    this.#problems.push({ message, place: this.#place(at), hint, severity: 'error' });
  }
}
