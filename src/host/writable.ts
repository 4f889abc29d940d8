import { mysqlClient } from './queries/mysql.ts';
import { type Command, sh } from './sh.ts';

/**
 * Holds the server_uuid of a server that may take writes. It is kept beside the data, not in it: neither CLONE nor a
 * new disk carries it to another server. The guard of role replication reads it, under the lock beside it.
 */
export const permissionFile = '/var/lib/foobar/mysql/permission';
const folder = '/var/lib/foobar/mysql';
/** The guard's note of when it last reached another host; a server that is opened begins with a new one. */
const lease = '/run/foobar-mysql-guard/lease';

const locked = sh`umask 077; mkdir -p ${folder} && exec 8>>${`${folder}/lock`} && flock -w 20 8 || exit`;

function client(socket: string): Command {
  return sh`mysql ${[...mysqlClient, '--skip-column-names', '--batch', '--raw', `--socket=${socket}`]}`;
}

/**
 * Shell that gives the server the permission to take writes and lets it take them. The statements of standard input
 * are run before, with read_only in force: root can write by then, nobody else.
 */
export function openScript(socket: string, uuid: string): Command {
  return sh`${locked}
printf '%s\\n' ${uuid} >${permissionFile}.new && sync ${permissionFile}.new &&
  mv ${permissionFile}.new ${permissionFile} && sync ${folder} || exit
rm -f ${lease}
{ printf '%s\\n' "SET SESSION sql_mode = '';" 'SET GLOBAL super_read_only = OFF;'; cat; echo 'SET GLOBAL read_only = OFF;'; } |
  ${client(socket)}`;
}

/**
 * Shell that makes the server read-only and takes the permission away. The statements of standard input are run
 * before. It prints the transactions that the server then has. Transactions that are open longer than `patience`
 * seconds are ended: MySQL waits for them. The permission goes last: a server that does not become read-only keeps it,
 * or the guard would kill it.
 */
export function closeScript(socket: string, patience: number): Command {
  const sessions = `SELECT CONCAT('KILL ', ID, ';') FROM performance_schema.processlist
    WHERE USER NOT IN ('system user', 'event_scheduler') AND COMMAND NOT LIKE 'Binlog Dump%' AND ID <> CONNECTION_ID()
      AND COALESCE(INFO, '') NOT LIKE 'SET GLOBAL super_read_only%'`;
  return sh`${locked}
${client(socket)} || exit
{ exec 8>&-; sleep ${patience}; ${client(socket)} -e ${sessions} | ${client(socket)} --force; } >/dev/null 2>&1 </dev/null & ender=$!
timeout ${patience + 10} ${client(socket)} -e 'SET GLOBAL super_read_only = ON; SELECT @@global.gtid_executed'; code=$?
kill "$ender" 2>/dev/null
[ "$code" -eq 0 ] || exit "$code"
rm -f ${permissionFile} && sync ${folder}`;
}
