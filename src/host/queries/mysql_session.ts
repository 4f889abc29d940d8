import { type Answer, errorOf, parseAnswers, sessionOptions, sessionScript } from '../../mysql/session.ts';
import type { Query } from '../contract.ts';
import { compose } from '../scripts.ts';
import { type Command, rawShell, sh } from '../sh.ts';

/** How a login reaches a program of MySQL. */
export interface LoginFile {
  /** What the program's standard input begins with: it may hold a password. */
  readonly settings: string;
  /** Shell that reads them, with the config file's, into `$c`, which is for `--defaults-file=/dev/fd/3 3<<end`. */
  readonly read: Command;
}

/** SQL that only reads, in a session of that login. */
export interface MysqlSelect {
  readonly login: LoginFile;
  readonly sql: string;
}

/** The rows, or how the client ended without them. */
export type MysqlSelected =
  | { readonly answer: Answer }
  | {
      readonly code: number;
      readonly stderr: string;
      /** There was no session at all: no client, no server, or it does not let us in. */
      readonly refused: boolean;
    };

/** Shell that runs the client with a script of SQL. Exit code 127: there is none. */
export function mysqlClientScript(read: Command, options: readonly string[]): Command {
  return sh`m=$(command -v mysql || command -v mariadb) || exit 127
${read}
"$m" --defaults-file=/dev/fd/3 ${options} 3<<foobar
$c
foobar`;
}

const utf8 = '--default-character-set=utf8mb4';
const marker = 'foobar-session-';

/** Reads with any login: all SQL of a tick for one login is one session, one process. `sql_mode` is empty there. */
export const mysqlSelects: Query<MysqlSelect, MysqlSelected> = {
  name: 'mysqlSelects',
  key: ({ login, sql }) => [login.settings, login.read.text, sql].join('\0'),

  script(args) {
    const sessions = sessionsOf(args).map(({ login, indexes }, number) => {
      const statements = ["SET SESSION sql_mode = ''", ...indexes.map((index) => args[index]!.sql)];
      const client = compose(mysqlClientScript(login.read, [...sessionOptions, utf8]), {
        stdin: login.settings + sessionScript(statements),
      });
      return `{ e=$( { ${client}\n} 2>&1 >&4 ); c=$?; } 4>&1
printf '\\n%s error\\n%s\\n%s %s\\n' ${marker}${number} "$e" ${marker}${number} "$c"`;
    });
    return rawShell(sessions.join('\n'));
  },

  parse(stdout, args) {
    const answers: MysqlSelected[] = [];
    let rest = stdout.toString('utf8');
    for (const [number, { indexes }] of sessionsOf(args).entries()) {
      const mark = `\\n${marker}${number}`;
      const [, rows = '', stderr = '', code, after = ''] =
        new RegExp(`^([\\s\\S]*?)${mark} error\\n([\\s\\S]*?)${mark} (\\d+)\\n([\\s\\S]*)$`).exec(rest) ?? [];
      if (code === undefined) throw new Error('the client of MySQL was not run to its end');
      rest = after;
      const [set, ...selected] = parseAnswers(rows);
      const refused = set === undefined;
      const failure = { code: Number(code), stderr, refused };
      if (selected.length < indexes.length && indexes.length > 1 && !refused)
        throw new Error(`one of several statements failed: ${errorOf(failure.stderr)?.text}`);
      for (const [place, index] of indexes.entries()) {
        const answer = selected[place];
        answers[index] = answer ? { answer } : failure;
      }
    }
    return answers;
  },
};

/** The sessions that the SQL needs, with the places of theirs. */
function sessionsOf(args: readonly MysqlSelect[]) {
  const sessions = new Map<string, { readonly login: LoginFile; readonly indexes: number[] }>();
  for (const [index, { login }] of args.entries()) {
    const key = `${login.settings}\0${login.read.text}`;
    const session = sessions.get(key) ?? { login, indexes: [] };
    session.indexes.push(index);
    sessions.set(key, session);
  }
  return [...sessions.values()];
}
