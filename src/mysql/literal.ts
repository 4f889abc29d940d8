/** A string literal for SQL sent in our sessions, whose sql_mode lets backslashes escape. */
export function sqlString(value: string): string {
  return `'${value.replaceAll(/[\\']/g, (character) => `\\${character}`).replaceAll('\0', '\\0')}'`;
}

/** A quoted identifier: database, table, variable. */
export function sqlName(name: string): string {
  return `\`${name.replaceAll('`', '``')}\``;
}

/** An account as SQL writes it: 'name'@'host'. */
export function sqlAccount(account: { readonly name: string; readonly host: string }): string {
  return `${sqlString(account.name)}@${sqlString(account.host)}`;
}
