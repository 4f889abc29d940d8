/** A value of an INI file; null where a name stands alone. */
export interface IniValue {
  readonly text: string | null;
  readonly line: number;
}

export type IniSections = ReadonlyMap<string, ReadonlyMap<string, IniValue>>;

interface IniSyntax {
  /** Names keep their case; else they are lower case. */
  readonly exact?: boolean;
  /** Names may stand alone. */
  readonly bare?: boolean;
  /** A semicolon after white space begins a comment. */
  readonly remarks?: boolean;
  /** What to throw for a mistake in a line. */
  wrong(line: number, why: string): Error;
}

/** An INI file as Python's ConfigParser reads it, without interpolation: values go on in lines that are indented more. */
export function readIni(content: string, syntax: IniSyntax): IniSections {
  const sections = new Map<string, Map<string, IniValue>>();
  const defaults = new Map<string, IniValue>();
  let values: Map<string, IniValue> | undefined;
  let name: string | undefined;
  let indent = 0;
  content.split(/\r?\n/).forEach((whole, index) => {
    const line = index + 1;
    if (/^\s*[#;]/.test(whole)) return;
    const text = (syntax.remarks ? whole.replace(/\s;.*$/, '') : whole).trim();
    const before = name === undefined ? undefined : values?.get(name);
    const more = (added: string) =>
      values!.set(name as string, { text: `${before?.text}\n${added}`, line: before!.line });
    if (text === '') {
      if (typeof before?.text === 'string' && whole.trim() === '') more('');
      return;
    }
    const depth = whole.length - whole.trimStart().length;
    if (typeof before?.text === 'string' && depth > indent) {
      more(text);
      return;
    }
    indent = depth;
    const header = /^\[(.+)\]/.exec(text)?.[1];
    if (header !== undefined) {
      if (sections.has(header)) throw syntax.wrong(line, `section '${header}' is there twice`);
      values = header === 'DEFAULT' ? defaults : new Map();
      if (header !== 'DEFAULT') sections.set(header, values);
      name = undefined;
      return;
    }
    if (!values) throw syntax.wrong(line, 'a value stands before the first section');
    const parts = /^(.*?)\s*(?:[=:]\s*(.*))?$/s.exec(text)!;
    if (parts[2] === undefined && !syntax.bare) throw syntax.wrong(line, `'${text}' has no value`);
    name = syntax.exact ? parts[1]! : parts[1]!.toLowerCase();
    if (values.has(name)) throw syntax.wrong(line, `'${name}' is there twice`);
    values.set(name, { text: parts[2] ?? null, line });
  });
  return new Map([...sections].map(([section, own]) => [section, trimmed(new Map([...defaults, ...own]))]));
}

/** Empty lines count only between the lines of a value. */
function trimmed(values: Map<string, IniValue>): Map<string, IniValue> {
  return new Map(
    [...values].map(([name, { text, line }]) => [name, { text: text?.trimEnd() ?? null, line }]),
  );
}
