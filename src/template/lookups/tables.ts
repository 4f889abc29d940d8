import { TaskFailure } from '../../errors.ts';
import { readIni } from '../../ini.ts';
import { readDecrypted } from '../../vault/files.ts';
import { csv } from '../csv.ts';
import { isTrue, text } from '../python.ts';
import { expression } from '../regex.ts';
import { saysYes } from '../words.ts';
import type { Lookups } from './contract.ts';
import { existing } from './files.ts';
import { keyValues } from './key-values.ts';

/** Lookups in CSV and INI files. */
export const tables: Lookups = {
  csvfile(terms, { options, environment }) {
    if (terms.length === 0) throw new TaskFailure("the lookup 'csvfile' needs a key to look for");
    return terms.flatMap((term) => {
      const { free, named } = keyValues(text(term));
      if (free === '') throw new TaskFailure("the lookup 'csvfile' needs a key to look for");
      const settings = { ...options, ...named };
      const delimiter = text(settings.delimiter ?? 'TAB');
      const rows = csv(
        readDecrypted(existing('files', text(settings.file ?? 'ansible.csv'), environment)).toString(),
        delimiter === 'TAB' ? '\t' : delimiter,
      );
      const row = rows.find((each) => each[Number(settings.keycol ?? 0)] === free);
      if (!row) return settings.default === undefined || settings.default === null ? [] : [settings.default];
      const column = Number(settings.col ?? 1);
      const found = row.at(column);
      if (found === undefined)
        throw new TaskFailure(`the lookup 'csvfile' finds no column ${column} in the row of '${free}'`);
      return [found];
    });
  },

  ini(terms, { options, environment }) {
    return terms.flatMap((term) => {
      const { key, named } = iniTerm(text(term));
      const settings = { ...options, ...named };
      const file = existing('files', text(settings.file ?? 'ansible.ini'), environment);
      const properties = settings.type === 'properties';
      const section = properties ? 'java_properties' : text(settings.section ?? 'global');
      const head = properties ? '[java_properties]\n' : '';
      const found = readIni(`${head}${readDecrypted(file)}`, {
        exact: saysYes(settings.case_sensitive ?? false),
        bare: saysYes(settings.allow_no_value ?? settings.allow_none ?? false),
        wrong: (line, why) => new TaskFailure(`${file}:${properties ? line - 1 : line}: ${why}`),
      }).get(section);
      const values: Values | undefined = found && new Map([...found].map(([name, { text }]) => [name, text]));
      if (!values) throw new TaskFailure(`the lookup 'ini' finds no section '${section}' in ${file}`);
      const value = (name: string) =>
        interpolated(values, name, isTrue(settings.interpolation ?? true), 10, file);
      if (saysYes(settings.re ?? false))
        return [...values.keys()].filter((name) => expression(`^(?:${key})`).test(name)).map(value);
      const name = saysYes(settings.case_sensitive ?? false) ? key : key.toLowerCase();
      const answer = values.has(name) ? value(name) : (settings.default ?? '');
      return answer === null ? [] : [answer];
    });
  },
};

/** `key` alone, or followed by `section=... file=...` whose values may hold spaces. */
function iniTerm(term: string): { key: string; named: Record<string, string> } {
  if (!term.includes('=') && !term.trim().includes(' ')) return { key: term, named: {} };
  const names =
    'type|file|section|re|encoding|default|case_sensitive|allow_no_value|allow_none|interpolation';
  const first = new RegExp(`(?:^|\\s+)(?:${names})=`).exec(term)?.index ?? term.length;
  const named: Record<string, string> = {};
  for (const [, name, value] of term
    .slice(first)
    .matchAll(new RegExp(`\\b(${names})=(.*?)(?=\\s+(?:${names})=|$)`, 'g')))
    named[name!] = value!.trim();
  return { key: term.slice(0, first).trim(), named };
}

type Values = Map<string, string | null>;

/** `%(name)s` in a value stands for another value of the section. */
function interpolated(
  values: Values,
  name: string,
  wanted: boolean,
  depth: number,
  file: string,
): string | null {
  const value = values.get(name) ?? null;
  if (value === null || !wanted || !value.includes('%')) return value;
  if (depth === 0) throw new TaskFailure(`${file}: '${name}' is defined by itself`);
  return value.replace(/%%|%\(([^)]+)\)s|%/g, (whole, other: string | undefined) => {
    if (whole === '%%') return '%';
    const key = other?.toLowerCase();
    if (key === undefined || !values.has(key))
      throw new TaskFailure(
        `${file}: '${name}' has a % that stands for nothing`,
        'write %% for a percent sign',
      );
    return interpolated(values, key, wanted, depth - 1, file) ?? '';
  });
}
