import { sqlString } from './literal.ts';

/** A value as PyMySQL writes it into a statement. */
export function sqlValue(value: unknown): string {
  if (value === null || value === undefined) return 'NULL';
  if (typeof value === 'boolean') return value ? 'true' : 'false';
  if (typeof value === 'number')
    return Number.isInteger(value) || String(value).includes('e') ? String(value) : `${value}e0`;
  if (Array.isArray(value)) return `(${value.map(sqlValue).join(',')})`;
  if (typeof value === 'object') return sqlString(JSON.stringify(value));
  return sqlString(String(value)).replaceAll('\n', '\\n').replaceAll('\r', '\\r').replaceAll('\x1a', '\\Z');
}

/**
 * The statement with its arguments: %s one after the other, or %(name)s. Without arguments it stays as it is.
 * Throws an Error for an argument too many or too few.
 */
export function withArguments(
  query: string,
  positional: readonly unknown[] | undefined,
  named: Readonly<Record<string, unknown>> | undefined,
): string {
  if (named !== undefined)
    return query.replaceAll(/%%|%\((\w+)\)s/g, (all, name: string | undefined) => {
      if (all === '%%') return '%';
      if (!(name! in named)) throw new Error(`named_args has no ${name}`);
      return sqlValue(named[name!]);
    });
  if (positional === undefined) return query;
  let used = 0;
  const filled = query.replaceAll(/%%|%s/g, (all) => {
    if (all === '%%') return '%';
    if (used >= positional.length) throw new Error('not enough arguments for format string');
    used += 1;
    return sqlValue(positional[used - 1]);
  });
  if (used < positional.length) throw new Error('not all arguments converted during string formatting');
  return filled;
}
