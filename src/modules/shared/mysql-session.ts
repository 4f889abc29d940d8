import { NotYet, TaskFailure } from '../../errors.ts';
import type { HostReader, Output, RunOptions } from '../../host/contract.ts';
import { type LoginFile, mysqlClientScript, mysqlSelects } from '../../host/queries/mysql_session.ts';
import { type Command, sh } from '../../host/sh.ts';
import {
  type Answer,
  errorOf,
  parseAnswers,
  parseTypes,
  sessionOptions,
  sessionScript,
  typesOptions,
  typesScript,
} from '../../mysql/session.ts';
import { rememberSecret } from '../../secrets.ts';
import { ansibleBoolean, hostPath, integer, text } from './params.ts';

/** How the MySQL modules of Ansible log in. */
export const loginParams = {
  login_user: text.optional().describe('Account to log in with. Default: of config_file, else root.'),
  login_password: text.optional().describe('Its password.'),
  login_host: text.default('localhost').describe('Server; localhost means the Unix socket.'),
  login_port: integer.default(3306).describe('TCP port of a server that is not localhost.'),
  login_unix_socket: hostPath.optional().describe('Unix socket of the server.'),
  connect_timeout: integer.default(30).describe('Seconds that connecting may take.'),
  config_file: text
    .default('~/.my.cnf')
    .describe('File of the host with [client] user and password; read when it is there. Empty: none.'),
  ca_cert: hostPath
    .optional()
    .describe('File of the host with the authority that must have signed the certificate of the server.')
    .meta({ aliases: ['ssl_ca'] }),
  client_cert: hostPath
    .optional()
    .describe('File of the host with the certificate to show to the server.')
    .meta({ aliases: ['ssl_cert'] }),
  client_key: hostPath
    .optional()
    .describe('File of the host with its private key.')
    .meta({ aliases: ['ssl_key'] }),
  check_hostname: ansibleBoolean
    .optional()
    .describe("Whether the server's certificate must have its name; needs ca_cert."),
};

/** Of mysql_db and mysql_user besides. */
export const adminParams = {
  check_implicit_admin: ansibleBoolean
    .default(false)
    .describe('Try root without a password first, and the login that is given if that is refused.'),
  sql_log_bin: ansibleBoolean.default(true).describe('Write the changes into the binary log.'),
};

export interface Login {
  readonly login_user?: string | undefined;
  readonly login_password?: string | undefined;
  readonly login_host: string;
  readonly login_port: number;
  readonly login_unix_socket?: string | undefined;
  /** mysqldump knows none. */
  readonly connect_timeout?: number | undefined;
  readonly config_file: string;
  readonly ca_cert?: string | undefined;
  readonly client_cert?: string | undefined;
  readonly client_key?: string | undefined;
  readonly check_hostname?: boolean | undefined;
  /** Host and port of the config file count before those of the task. */
  readonly config_overrides_defaults?: boolean | undefined;
}

/** The login that counts where root without a password is tried first. */
export async function adminLogin<L extends Login>(
  host: HostReader,
  login: L & { readonly check_implicit_admin: boolean },
): Promise<L> {
  if (!login.check_implicit_admin) return login;
  const implicit = { ...login, login_user: 'root', login_password: '' };
  try {
    await mysqlReads(host, implicit, ['SELECT 1']);
    return implicit;
  } catch (error) {
    if (error instanceof NotYet || !(error instanceof TaskFailure)) throw error;
    return login;
  }
}

export interface Session {
  readonly answers: readonly Answer[];
  /** Why the statement after the last answer failed. */
  readonly error?: { readonly code: number; readonly text: string } | undefined;
}

/**
 * Runs statements in one session, until one fails. `run` is host.look or host.run, bound to its host. Throws NotYet
 * where there is no client or the server does not run, a TaskFailure where it does not let us in.
 */
export async function mysqlSession(
  run: (command: Command, options: RunOptions) => Promise<Output>,
  host: HostReader,
  login: Login,
  statements: readonly string[],
  database?: string,
): Promise<Session> {
  const { code, stdout, stderr } = await client(
    run,
    login,
    sessionOptions,
    sessionScript(statements),
    database,
  );
  const answers = parseAnswers(stdout);
  if (code === 0) return { answers };
  return { answers, error: errorFor(host, login, { code, stderr, refused: answers.length === 0 }) };
}

/**
 * What statements that only read give, up to the first that fails. All that are asked in a tick share one session for
 * each login, and answers hold until something is written to the host. Throws as `mysqlSession` does.
 */
export async function mysqlReads(
  host: HostReader,
  login: Login,
  statements: readonly string[],
): Promise<Session> {
  const file = loginFile(login);
  const selected = await Promise.all(statements.map((sql) => host.ask(mysqlSelects, { login: file, sql })));
  const answers: Answer[] = [];
  for (const one of selected) {
    if (!('answer' in one)) return { answers, error: errorFor(host, login, one) };
    answers.push(one.answer);
  }
  return { answers };
}

/** Why a client ended. Throws where it could not even begin. */
function errorFor(
  host: HostReader,
  login: Login,
  { code, stderr, refused }: { readonly code: number; readonly stderr: string; readonly refused: boolean },
): NonNullable<Session['error']> {
  if (code === 127 && refused)
    throw new NotYet(
      `${host.name} has no client of MySQL or MariaDB`,
      'install mariadb-client or mysql-client before',
    );
  const error = errorOf(stderr) ?? { code: 0, text: stderr.trim() };
  if (refused && isRefusal(error.code)) {
    const message = `unable to connect to database, check login_user and login_password are correct or ${login.config_file} has the credentials. Exception message: ${error.text}`;
    throw error.code === 2002 || error.code === 2003 ? new NotYet(message) : new TaskFailure(message);
  }
  return error;
}

/** Column -> type of what statements select. */
export async function mysqlTypes(
  host: HostReader,
  login: Login,
  statements: readonly string[],
  database?: string,
): Promise<readonly Readonly<Record<string, string>>[]> {
  const look = host.look.bind(host);
  const { stdout } = await client(look, login, typesOptions, typesScript(statements), database);
  return parseTypes(stdout);
}

/** Starts the client: how it logs in comes over a pipe, so that nobody finds it in a process or a file. */
function client(
  run: (command: Command, options: RunOptions) => Promise<Output>,
  login: Login,
  given: readonly string[],
  script: string,
  database: string | undefined,
): Promise<Output> {
  const options = [
    ...given,
    '--default-character-set=utf8mb4',
    ...(database === undefined ? [] : [`--database=${database}`]),
  ];
  const { settings, read } = loginFile(login);
  return run(mysqlClientScript(read, options), { stdin: settings + script, expect: 'any' });
}

/**
 * How a login reaches a program of MySQL: the settings are what its standard input begins with, and the shell text
 * reads them, with the config file's, into `$c`, which is for `--defaults-file=/dev/fd/3 3<<end`.
 */
export function loginFile(login: Login): LoginFile {
  if (login.login_password !== undefined) rememberSecret(login.login_password);
  const settings = clientSettings(login);
  const before = login.config_overrides_defaults ? place(login) : [];
  const read = sh`c=$(head -c ${Buffer.byteLength(settings)})
f=${login.config_file}; case $f in '~'/*) f=$HOME/\${f#'~/'} ;; esac
k=; [ -z "$f" ] || [ ! -r "$f" ] || k=$(grep -v '^!include' -- "$f")
c=${section(before)}"
$k
$c"`;
  return { settings, read };
}

/** The answers to statements; one that fails is a TaskFailure. */
export async function mysqlAnswers(
  run: (command: Command, options: RunOptions) => Promise<Output>,
  host: HostReader,
  login: Login,
  statements: readonly string[],
  database?: string,
): Promise<readonly Answer[]> {
  const { answers, error } = await mysqlSession(run, host, login, statements, database);
  if (error === undefined) return answers;
  throw new TaskFailure(error.text);
}

/** CR_ errors of the client, access denied, unknown database, too many connections. */
function isRefusal(code: number): boolean {
  return (code >= 2000 && code < 2100) || [1040, 1044, 1045, 1049, 1129, 1130, 1698].includes(code);
}

/** A [client] section of an option file; read by the client through a pipe that nobody else sees. */
function clientSettings(login: Login): string {
  return section([
    ['user', login.login_user],
    ['password', login.login_password],
    ...(login.config_overrides_defaults && login.login_unix_socket === undefined ? [] : place(login)),
    ['connect-timeout', login.connect_timeout],
    ['ssl-ca', login.ca_cert],
    ['ssl-cert', login.client_cert],
    ['ssl-key', login.client_key],
    // Of two dialects; loose_ lets each client pass over the other's.
    ['loose_ssl-mode', login.check_hostname ? 'VERIFY_IDENTITY' : login.ca_cert ? 'VERIFY_CA' : undefined],
    ['loose_ssl-verify-server-cert', login.check_hostname === true ? 1 : undefined],
  ]);
}

type Lines = readonly (readonly [string, string | number | undefined])[];

/** Where the server is. */
function place(login: Login): Lines {
  if (login.login_unix_socket === undefined && login.login_host !== 'localhost')
    return [
      ['protocol', login.config_overrides_defaults ? undefined : 'tcp'],
      ['host', login.login_host],
      ['port', login.login_port],
    ];
  const socket = login.login_unix_socket ?? '/run/mysqld/mysqld.sock';
  return [
    ['protocol', login.config_overrides_defaults && !login.login_unix_socket ? undefined : 'socket'],
    ['socket', socket],
  ];
}

function section(lines: Lines): string {
  const given = lines.flatMap(([name, value]) =>
    value === undefined ? [] : [`${name}=${optionValue(value)}`],
  );
  return `[client]\n${given.join('\n')}\n`;
}

/** Option files: double quotes around, backslash escapes inside. */
function optionValue(value: string | number): string {
  if (typeof value === 'number') return String(value);
  if (value.includes('\n')) throw new TaskFailure('a line break cannot be part of a MySQL login');
  return `"${value.replaceAll('\\', '\\\\').replaceAll('"', '\\"')}"`;
}
