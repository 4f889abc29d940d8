import { NotYet, TaskFailure } from '../../errors.ts';
import type { HostReader, Query } from '../contract.ts';
import { rawShell, sh } from '../sh.ts';

/** SQL that only reads. Every row that it gives must be one JSON document in one column. */
export interface MysqlQuestion {
  /** Path of the server's Unix socket. */
  readonly socket: string;
  readonly sql: string;
}

/** The rows, or why there are none. */
export type MysqlAnswer =
  | { readonly state: 'up'; readonly rows: readonly unknown[] }
  /** No client program: MySQL is not installed. */
  | { readonly state: 'absent' }
  | { readonly state: 'down'; readonly reason: string }
  | { readonly state: 'error'; readonly reason: string };

/** What the client is started with: nothing of anybody's configuration, root over the local socket. */
export const mysqlClient = [
  '--no-defaults',
  '--protocol=socket',
  '--user=root',
  '--default-character-set=utf8mb4',
];

const marker = 'foobar-answer-';
/** ER_CON_COUNT_ERROR is not here: a full server is up. 2002, 2003, 2013: CR_CONNECTION_ERROR and its like. */
const downErrors = new Set(['1053', '2002', '2003', '2006', '2013']);

/** Reads over the local socket. One client process answers all SQL of a tick for one socket. */
export const mysqlRows: Query<MysqlQuestion, MysqlAnswer> = {
  name: 'mysql',
  key: ({ socket, sql }) => `${socket}\n${sql}`,

  script(args) {
    const sockets = [...new Set(args.map((arg) => arg.socket))];
    const clients = sockets.map((socket) => {
      const statements = args.flatMap((arg, index) =>
        arg.socket === socket ? [`SELECT '${marker}${index}';`, `${arg.sql};`] : [],
      );
      const options = [...mysqlClient, '--skip-column-names', '--batch', '--raw', '--unbuffered', '--force'];
      // Where the last line has no end the client makes room for 16 MB of it.
      return sh`printf '%s\\n' ${`${marker}socket ${socket}`}
printf '%s\\n' ${statements.join('\n')} | mysql ${options} ${`--socket=${socket}`} 2>&1`.text;
    });
    return rawShell(`if command -v mysql >/dev/null 2>&1; then
${clients.join('\n')}
else echo ${marker}absent; fi
:`);
  },

  parse(stdout, args) {
    const text = stdout.toString('utf8');
    if (text.startsWith(`${marker}absent\n`)) return args.map(() => ({ state: 'absent' }));
    const answers = new Map<number, unknown[]>();
    const errors = new Map<number, string>();
    const unread = new Map<number, string>();
    const refusals = new Map<string, string>();
    let socket = '';
    let current: number | undefined;
    for (const line of text.split('\n')) {
      const start = line.startsWith(marker) ? line.slice(marker.length) : undefined;
      if (start?.startsWith('socket ')) {
        socket = start.slice('socket '.length);
        current = undefined;
      } else if (start !== undefined) {
        current = Number(start);
        answers.set(current, []);
      } else if (line.startsWith('ERROR ')) {
        if (current === undefined) refusals.set(socket, line);
        else errors.set(current, line);
      } else if (line !== '' && current !== undefined && !line.startsWith('mysql: [Warning]')) {
        const row = readRow(line);
        if (row) answers.get(current)!.push(row.value);
        else if (!unread.has(current)) unread.set(current, line);
      }
    }
    return args.map((arg, index) => {
      // MariaDB's client prints the statement before its error.
      const odd = unread.get(index);
      const error =
        errors.get(index) ??
        (odd === undefined ? undefined : `the client printed what is no JSON: ${odd.slice(0, 200)}`) ??
        (answers.has(index) ? undefined : (refusals.get(arg.socket) ?? 'no answer'));
      if (error === undefined) return { state: 'up', rows: answers.get(index)! };
      return {
        state: downErrors.has(/^ERROR (\d+)/.exec(error)?.[1] ?? '') ? 'down' : 'error',
        reason: error,
      };
    });
  },
};

function readRow(line: string): { readonly value: unknown } | undefined {
  try {
    return { value: JSON.parse(line) };
  } catch {
    return undefined;
  }
}

/**
 * The rows of SQL that reads. Throws NotYet where MySQL is not installed or does not run, a TaskFailure when it
 * refuses.
 */
export async function askMysql(host: HostReader, question: MysqlQuestion): Promise<readonly unknown[]> {
  const answer = await host.ask(mysqlRows, question);
  if (answer.state === 'up') return answer.rows;
  throw refusal(host.name, answer);
}

/** The error that an answer without rows stands for. */
export function refusal(host: string, answer: Exclude<MysqlAnswer, { state: 'up' }>): TaskFailure {
  if (answer.state === 'absent') return new NotYet(`MySQL is not installed on ${host}`);
  if (answer.state === 'down')
    return new NotYet(
      `MySQL does not run on ${host}: ${answer.reason}`,
      'See journalctl -u mysql and its error log.',
    );
  return new TaskFailure(`MySQL on ${host} refuses: ${answer.reason}`, hintOf(answer.reason));
}

function hintOf(reason: string): string | undefined {
  if (/^ERROR (1045|1698)/.test(reason))
    return "The host's root must be let in over the local socket: root@localhost with the plugin auth_socket.";
  if (/^ERROR 1193 .*server_uuid/.test(reason))
    return 'This looks like MariaDB: what keeps primaries and replicas needs the server of MySQL.';
  return undefined;
}
