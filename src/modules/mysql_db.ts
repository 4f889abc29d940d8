import { z } from 'zod';
import { type Database, readDatabases } from '../host/queries/mysql_accounts.ts';
import { readServer } from '../host/queries/mysql_server.ts';
import { sqlName } from '../mysql/literal.ts';
import { type Change, state } from './contract.ts';
import { loginSocket, runSql } from './shared/mysql.ts';
import { ansibleList, withAliases } from './shared/params.ts';

const word = z.string().regex(/^[A-Za-z0-9_]+$/, 'expected one word');
/** Never dropped: the server's own, and our mark's. */
const kept = ['mysql', 'sys', 'information_schema', 'performance_schema', 'foobar'];

const params = withAliases(
  z
    .strictObject({
      name: ansibleList
        .refine((names) => names.length > 0, { error: 'expected at least one name' })
        .describe('Name of the database, or several.')
        .meta({ aliases: ['db'] }),
      state: z.enum(['present', 'absent']).default('present').describe('Whether the databases exist.'),
      encoding: word.optional().describe('Default character set, for example utf8mb4.'),
      collation: word.optional().describe('Default collation, for example utf8mb4_0900_ai_ci.'),
      login_unix_socket: loginSocket,
    })
    .refine(
      (want) => want.state === 'present' || !want.name.some((name) => kept.includes(name.toLowerCase())),
      {
        error: `${kept.join(', ')} are never dropped`,
        path: ['name'],
      },
    ),
);

type Params = z.output<typeof params>;

interface Have {
  /** False on a replica and on any read-only server: its databases are the primary's. */
  readonly writable: boolean;
  readonly databases: readonly Database[];
}

export default state<Params, Have>({
  summary: 'Manage the databases of a MySQL server; on replicas they come from the primary.',
  params: params as unknown as z.ZodType<Params>,

  async have(want, host) {
    const [server, databases] = await Promise.all([
      readServer(host, want.login_unix_socket),
      readDatabases(host, want.login_unix_socket, want.name),
    ]);
    return { writable: !server.readOnly && server.channels.length === 0, databases };
  },

  diff(want, have) {
    if (!have.writable) return [];
    return want.name.flatMap((name): Change[] => {
      const present = have.databases.find((database) => database.name === name);
      if (want.state === 'absent')
        return present ? [{ what: `database ${name}`, from: 'present', to: 'absent' }] : [];
      if (!present) return [{ what: `database ${name}`, from: 'absent', to: 'present' }];
      const differing = (what: 'encoding' | 'collation'): Change[] =>
        want[what] !== undefined && want[what].toLowerCase() !== present[what].toLowerCase()
          ? [{ what: `${what} of ${name}`, from: present[what], to: want[what] }]
          : [];
      return [...differing('encoding'), ...differing('collation')];
    });
  },

  async fix(_changes, want, have, host) {
    const present = (name: string) => have.databases.some((database) => database.name === name);
    const options = `${want.encoding ? ` CHARACTER SET ${want.encoding}` : ''}${want.collation ? ` COLLATE ${want.collation}` : ''}`;
    const statements = want.name.flatMap((name) => {
      if (want.state === 'absent') return present(name) ? [`DROP DATABASE ${sqlName(name)}`] : [];
      if (!present(name)) return [`CREATE DATABASE ${sqlName(name)}${options}`];
      return options === '' ? [] : [`ALTER DATABASE ${sqlName(name)}${options}`];
    });
    await runSql(host, want.login_unix_socket, statements);
  },

  result: (want) => ({ db: want.name.join(' '), db_list: want.name }),
});
