import { z } from 'zod';
import { type Command, rawShell, sh } from '../../host/sh.ts';
import type { Dialect } from '../../mysql/dialect.ts';
import { type Login, loginFile } from './mysql-session.ts';
import { ansibleBoolean, ansibleList, hostPath, integer, text } from './params.ts';

/** Parameters of mysql_db for dump and import. */
export const transferParams = {
  target: text
    .optional()
    .describe('File of the host to dump into or to import. .gz, .bz2, .xz and .zst are compressed.'),
  single_transaction: ansibleBoolean.default(false).describe('Dump in one transaction.'),
  quick: ansibleBoolean.default(true).describe('Dump row by row rather than a table at a time.'),
  ignore_tables: ansibleList
    .refine((names) => !names.includes(''), { error: 'Name of ignored table cannot be empty' })
    .default([])
    .describe('Tables that are not dumped, database.table.'),
  hex_blob: ansibleBoolean.default(false).describe('Dump binary columns as hexadecimal.'),
  force: ansibleBoolean.default(false).describe('Go on after errors of SQL.'),
  master_data: integer
    .pipe(z.union([z.literal(0), z.literal(1), z.literal(2)]))
    .default(0)
    .describe('Dump the position in the binary log: 1 as a statement, 2 as a comment.'),
  skip_lock_tables: ansibleBoolean.default(false).describe('Dump without locking tables.'),
  dump_extra_args: text.optional().describe('More arguments of mysqldump, as the shell reads them.'),
  restrict_config_file: ansibleBoolean
    .default(false)
    .describe("Read no other option file than config_file, not the server's in /etc either."),
  use_shell: ansibleBoolean.default(false).describe('Without effect: a pipe is always one of the shell.'),
  unsafe_login_password: ansibleBoolean
    .default(false)
    .describe('Without effect: the password never is part of a command.'),
  pipefail: ansibleBoolean
    .default(false)
    .describe('Without effect: a dump that fails always fails the task, compressed or not.'),
  chdir: hostPath.optional().describe('Directory of the host that target is relative to.'),
};
const shape = z.object(transferParams);
type Wish = z.output<typeof shape> & Login & { readonly name: readonly string[]; readonly encoding: string };

/** A dump or import, ready to be run. */
export interface Transfer {
  readonly command: Command;
  readonly stdin: string;
  /** The command as Ansible's module returns it, without how it logs in. */
  readonly told: string;
}

const compressors: Readonly<Record<string, string>> = { gz: 'gzip', bz2: 'bzip2', xz: 'xz', zst: 'zstd' };

export function dumpCommand(want: Wish, dialect: Dialect): Transfer {
  const [major = 0, minor = 0] = dialect.version;
  const source = !dialect.mariadb && major * 100 + minor >= 802 ? 'source' : 'master';
  const databases =
    want.name.join() === 'all'
      ? ['--all-databases']
      : want.name.length > 1
        ? ['--databases', ...want.name]
        : [...want.name];
  const force = want.force ? ['--force'] : [];
  const options = [
    ...databases,
    ...(want.skip_lock_tables ? ['--skip-lock-tables'] : []),
    ...(want.encoding ? [`--default-character-set=${want.encoding}`] : []),
    ...(want.single_transaction ? ['--single-transaction=true'] : []),
    ...(want.quick ? ['--quick'] : []),
    ...want.ignore_tables.map((table) => `--ignore-table=${table}`),
    ...(want.hex_blob ? ['--hex-blob'] : []),
    ...(want.master_data === 0 ? [] : [`--${source}-data=${want.master_data}`]),
  ];
  const extra = rawShell(want.dump_extra_args ?? '');
  const packer = packerOf(want);
  const { program, begin, stdin } = started(
    { ...want, connect_timeout: undefined },
    'mariadb-dump',
    'mysqldump',
    dialect,
  );
  // The program's own exit code goes past the pipe: sh has no pipefail.
  const command = packer
    ? sh`${begin}
code=$({ { "$m" --defaults-file=/dev/fd/3 ${[...force, ...options]} ${extra} 3<<foobar || echo $? >&4; } | ${packer} >"$t" || echo 1 >&4; } 4>&1
$c
foobar
)
set -- $code; exit "\${1:-0}"`
    : sh`${begin}
"$m" --defaults-file=/dev/fd/3 ${[...force, ...options]} ${extra} >"$t" 3<<foobar
$c
foobar`;
  const target = sh`${want.target ?? ''}`.text;
  return {
    command,
    stdin,
    told: `${sh`${program} ${[...force, ...placeOf(want), ...options]}`.text}${want.dump_extra_args ? ` ${want.dump_extra_args}` : ''}${packer ? ` | /usr/bin/${packer}` : ''} > ${target}`,
  };
}

export function importCommand(want: Wish, dialect: Dialect): Transfer {
  const force = want.force ? ['-f'] : [];
  const options = [
    ...(want.encoding ? [`--default-character-set=${want.encoding}`] : []),
    ...(want.name.join() === 'all' ? [] : ['--one-database', ...want.name]),
  ];
  const packer = packerOf(want);
  const { program, begin, stdin } = started(want, 'mariadb', 'mysql', dialect);
  const there = sh`[ -e "$t" ] || { printf 'target %s does not exist on the host\\n' "$t" >&2; exit 1; }`;
  const command = packer
    ? sh`${begin}
${there}
exec 5>&1
code=$({ { ${packer} -dc "$t" || echo 1 >&4; } | "$m" --defaults-file=/dev/fd/3 ${[...force, ...options]} >&5 3<<foobar || echo $? >&4; } 4>&1
$c
foobar
)
set -- $code; exit "\${1:-0}"`
    : sh`${begin}
${there}
"$m" --defaults-file=/dev/fd/3 ${[...force, ...options]} <"$t" 3<<foobar
$c
foobar`;
  const said = sh`${program} ${[...force, ...placeOf(want), ...options]}`.text;
  const target = sh`${want.target ?? ''}`.text;
  return {
    command,
    stdin,
    told: packer ? `/usr/bin/${packer} -dc ${want.target} | ${said}` : `${said} < ${target}`,
  };
}

/** Where the server is, as Ansible's command says it. */
function placeOf({ login_unix_socket: socket, login_host, login_port }: Wish): string[] {
  return socket === undefined ? [`--host=${login_host}`, `--port=${login_port}`] : [`--socket=${socket}`];
}

function packerOf(want: Wish): string | undefined {
  return compressors[/\.(gz|bz2|xz|zst)$/.exec(want.target ?? '')?.[1] ?? ''];
}

/** Finds the programs (`$m`) and the target (`$t`), and puts the login's option file into `$c`. */
function started(want: Wish, mariadb: string, mysql: string, dialect: Dialect) {
  const { settings, read } = loginFile(want);
  const [first, second] = dialect.mariadb ? [mariadb, mysql] : [mysql, mariadb];
  const packer = packerOf(want);
  const needed = packer
    ? sh`command -v ${packer} >/dev/null || { echo ${`Failed to find required executable "${packer}" in paths`} >&2; exit 1; }`
    : sh``;
  const global = want.restrict_config_file
    ? sh``
    : sh`for o in /etc/mysql/my.cnf /etc/my.cnf; do [ ! -r "$o" ] || c="!include $o
$c"; done`;
  const begin = sh`${read}
${global}
m=$(command -v ${first} || command -v ${second}) || { echo ${`Failed to find required executable "${first}" in paths`} >&2; exit 1; }
${needed}
t=${want.target ?? ''}; case $t in '~'/*) t=$HOME/\${t#'~/'} ;; esac`;
  return { program: `/usr/bin/${first}`, begin, stdin: settings };
}
