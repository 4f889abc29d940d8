import type { Host, Output } from './contract.ts';
import { mysqlClient } from './queries/mysql.ts';
import { sh } from './sh.ts';

/** Runs SQL that changes something, as root over the socket. It may hold secrets: they travel over stdin. */
export async function runSql(host: Host, socket: string, statements: readonly string[]): Promise<Output> {
  const options = [...mysqlClient, '--skip-column-names', '--batch', '--raw', `--socket=${socket}`];
  const stdin = ["SET SESSION sql_mode = ''", ...statements].map((statement) => `${statement};\n`).join('');
  return host.run(sh`mysql ${options}`, { stdin });
}
