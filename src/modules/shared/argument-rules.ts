import { pythonEqual, pythonStr } from './python-text.ts';

type Names = string | readonly string[];

/** What a specification says of several arguments at once. */
export interface ArgumentRules {
  readonly mutually_exclusive?: readonly Names[];
  readonly required_one_of?: readonly Names[];
  readonly required_together?: readonly Names[];
  /** [argument, value, arguments] or [argument, value, arguments, true when one of them is enough]. */
  readonly required_if?: readonly (readonly unknown[])[];
  readonly required_by?: Readonly<Record<string, Names>>;
}

/** The message of Ansible for each rule that the values break: the first breach of a rule, as Ansible reports it. */
export const argumentRules: {
  readonly [rule in keyof Required<ArgumentRules>]: (
    rule: NonNullable<ArgumentRules[rule]>,
    values: Readonly<Record<string, unknown>>,
  ) => string | undefined;
} = {
  mutually_exclusive(groups, values) {
    const broken = groups.filter((group) => given(group, values) > 1);
    if (broken.length === 0) return undefined;
    return `parameters are mutually exclusive: ${broken.map((group) => list(group).join('|')).join(', ')}`;
  },

  required_one_of(groups, values) {
    const broken = groups.find((group) => given(group, values) === 0);
    return broken && `one of the following is required: ${list(broken).join(', ')}`;
  },

  required_together(groups, values) {
    const broken = groups.find((group) => {
      const count = given(group, values);
      return count > 0 && count < list(group).length;
    });
    return broken && `parameters are required together: ${list(broken).join(', ')}`;
  },

  required_if(conditions, values) {
    for (const [name, value, names, any = false] of conditions as [string, unknown, Names, boolean?][]) {
      if (!(name in values) || !pythonEqual(values[name], value)) continue;
      const missing = list(names).filter((each) => !(each in values));
      if (missing.length === 0 || (any && missing.length < list(names).length)) continue;
      return `${name} is ${pythonStr(value)} but ${any ? 'any' : 'all'} of the following are missing: ${missing.join(', ')}`;
    }
    return undefined;
  },

  required_by(requirements, values) {
    const there = (name: string) => values[name] !== undefined && values[name] !== null;
    for (const [name, names] of Object.entries(requirements)) {
      if (!there(name)) continue;
      const missing = list(names).filter((each) => !there(each));
      if (missing.length > 0) return `missing parameter(s) required by '${name}': ${missing.join(', ')}`;
    }
    return undefined;
  },
};

function list(names: Names): readonly string[] {
  return typeof names === 'string' ? [names] : names;
}

function given(group: Names, values: Readonly<Record<string, unknown>>): number {
  return new Set(list(group).filter((name) => name in values)).size;
}
