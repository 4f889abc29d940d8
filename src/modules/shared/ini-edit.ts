/** What ini_file is asked for, with the names of its parameters. */
export interface IniWish {
  readonly section?: string | undefined;
  readonly section_has_values?: readonly {
    readonly option: string;
    readonly values: readonly string[];
  }[];
  readonly option?: string | undefined;
  /** value, or values. */
  readonly values: readonly string[];
  readonly state: 'present' | 'absent';
  readonly exclusive: boolean;
  readonly no_extra_spaces: boolean;
  readonly ignore_spaces: boolean;
  readonly allow_no_value: boolean;
  readonly modify_inactive_option: boolean;
}

export interface IniEdit {
  readonly changed: boolean;
  readonly text: string;
  readonly msg: string;
}

interface Option {
  /** `#` or `;` before an option that is commented out. */
  readonly mark: string;
  readonly value: string;
}
type Match = (option: string, line: string) => Option | undefined;

/** Stands for the lines before the first section. */
const noSection = 'ad01e11446efb704fcdbdb21f2c43757423d91c5';

/**
 * The text as community.general's ini_file leaves it. The steps are its own, in its order: what comes of several
 * lines with one option, of comments and of empty lines depends on them.
 */
export function editIni(text: string, want: IniWish): IniEdit {
  const given = text.replace(/^\uFEFF/, '').replaceAll(/\r\n?/g, '\n');
  const lines = given.match(/[^\n]*\n|[^\n]+$/g) ?? ['\n'];
  const unended = !lines.at(-1)!.endsWith('\n');
  if (unended) lines[lines.length - 1] += '\n';
  const all = [`[${noSection}]`, ...lines, '['];
  const found = findSection(all, want);
  const edit = new SectionEdit(all.slice(found.from, found.to), want);
  if (want.state === 'present') edit.set();
  else edit.remove();
  const result = [...all.slice(0, found.from), ...edit.lines, ...all.slice(found.to)].slice(1, -1);
  if (!found.within && want.state === 'present') {
    const fresh = newSection(want, edit.values);
    return {
      changed: true,
      text: [...result, ...fresh].join(''),
      msg: fresh.length > 1 && want.option ? 'section and option added' : 'only section added',
    };
  }
  return { changed: edit.changed || unended, text: result.join(''), msg: edit.msg };
}

function findSection(all: readonly string[], want: IniWish): { from: number; to: number; within: boolean } {
  const name = want.section === undefined || want.section === '' ? noSection : want.section;
  const heading = new RegExp(`^\\[\\s*${escaped(name.trim())}\\s*\\]`);
  let [from, to, within] = [0, 0, false];
  for (const [index, line] of all.entries()) {
    if (within && line.startsWith('[')) {
      if (hasValues(all.slice(from, index), want)) {
        to = index;
        break;
      }
      [from, to, within] = [0, 0, false];
    }
    if (heading.test(line)) [within, from] = [true, index];
  }
  return { from, to, within };
}

function hasValues(section: readonly string[], { section_has_values = [] }: IniWish): boolean {
  return section_has_values.every(({ option, values }) =>
    section.some((line) => {
      const match = matchAny(option, line);
      return match !== undefined && (values.length === 0 || values.includes(match.value));
    }),
  );
}

const blankOrComment = /^[ \t]*(?:[#;][^\n]*)?\n?$/;

class SectionEdit {
  lines: string[];
  changed = false;
  msg = 'OK';
  /** Values that are not in the section yet. */
  values: string[];
  private readonly want: IniWish;
  private readonly match: Match;
  private done: boolean[];

  constructor(lines: readonly string[], want: IniWish) {
    this.lines = [...lines];
    this.want = want;
    this.values = [...new Set(want.values)];
    this.match = want.modify_inactive_option ? matchAny : matchActive;
    this.done = lines.map(() => false);
  }

  set(): void {
    const { option, exclusive, allow_no_value } = this.want;
    const withoutValue = option ? this.keep(option) : false;
    if (option && exclusive && !allow_no_value) this.override(option);
    this.insert(option, withoutValue);
  }

  remove(): void {
    const { option, exclusive } = this.want;
    const gone = (match: Option | undefined) =>
      match !== undefined && (exclusive || this.values.includes(match.value));
    const kept = option ? this.lines.filter((line) => !gone(matchActive(option, line))) : [];
    if (kept.length === this.lines.length) return;
    this.note(option ? 'option changed' : 'section removed');
    this.lines = kept;
  }

  /** Lines that have one of the values stay; gives whether one is there without any. */
  private keep(option: string): boolean {
    let withoutValue = false;
    for (const [index, line] of this.lines.entries()) {
      const match = this.match(option, line);
      if (match === undefined) continue;
      if (this.values.length > 0 && this.values.includes(match.value)) {
        const bare = match.value === '' && this.want.allow_no_value;
        this.update(index, bare ? `${option}\n` : this.assignment(option, match.value));
        this.values.splice(this.values.indexOf(match.value), 1);
        withoutValue ||= bare;
      } else if (this.values.length === 0 && this.want.allow_no_value) {
        this.update(index, `${option}\n`);
        return true;
      }
    }
    return withoutValue;
  }

  /** Other lines of the option take the values that are left, and those that remain go. */
  private override(option: string): void {
    for (const [index, line] of this.lines.entries()) {
      if (this.values.length === 0) break;
      if (!this.done[index] && this.match(option, line))
        this.update(index, this.assignment(option, this.values.shift()!));
    }
    for (let index = this.lines.length - 1; index > 0; index -= 1) {
      if (this.done[index] || !this.match(option, this.lines[index]!)) continue;
      this.lines.splice(index, 1);
      this.done.splice(index, 1);
      this.note('option changed');
    }
  }

  /** What is missing goes after the last line that is neither empty nor a comment. */
  private insert(option: string | undefined, withoutValue: boolean): void {
    const at = this.lines.findLastIndex((line) => !blankOrComment.test(line)) + 1;
    if (at === 0 || !option) return;
    const fresh = this.values.map((value) => this.assignment(option, value));
    if (this.values.length === 0 && this.want.allow_no_value && !withoutValue) fresh.push(`${option}\n`);
    if (fresh.length === 0) return;
    this.lines.splice(at, 0, ...fresh);
    this.note('option added');
  }

  private update(index: number, fresh: string): void {
    const { option = '', ignore_spaces } = this.want;
    const before = this.lines[index]!;
    const old = matchAny(option, before);
    const differs =
      ignore_spaces && old?.mark === '' ? old.value !== matchAny(option, fresh)?.value : before !== fresh;
    if (differs) {
      this.lines[index] = fresh;
      this.note('option changed');
    }
    this.done[index] = true;
  }

  private assignment(option: string, value: string): string {
    return assignment(option, value, this.want);
  }

  private note(msg: string): void {
    this.changed = true;
    this.msg = msg;
  }
}

function assignment(option: string, value: string, want: IniWish): string {
  return want.no_extra_spaces ? `${option}=${value}\n` : `${option} = ${value}\n`;
}

function newSection(want: IniWish, missing: readonly string[]): string[] {
  const { option, allow_no_value, section_has_values = [] } = want;
  const lines = [`[${want.section}]\n`];
  const values = [...missing];
  for (const condition of section_has_values) {
    if (condition.option !== option) {
      lines.push(...condition.values.map((value) => assignment(condition.option, value, want)));
      if (condition.values.length === 0 && allow_no_value) lines.push(`${condition.option}\n`);
    } else if (!want.exclusive) values.push(...condition.values.filter((value) => !values.includes(value)));
  }
  if (option && values.length > 0) lines.push(...values.map((value) => assignment(option, value, want)));
  else if (option && allow_no_value) lines.push(`${option}\n`);
  return lines;
}

function matchAny(option: string, line: string): Option | undefined {
  const match = new RegExp(
    `^[ \\t]*([#;]?)[ \\t]*${escaped(option)}[ \\t]*(?:=|(?=\\n?$))[ \\t]*([^\\n]*)`,
  ).exec(line);
  return match === null ? undefined : { mark: match[1]!, value: match[2]! };
}

function matchActive(option: string, line: string): Option | undefined {
  const match = matchAny(option, line);
  return match?.mark === '' ? match : undefined;
}

function escaped(text: string): string {
  return text.replaceAll(/[.*+?^${}()|[\]\\/-]/g, '\\$&');
}
