import { gunzipSync } from 'node:zlib';
import { TaskFailure } from '../errors.ts';
import type { HostReader } from './contract.ts';
import { mysqlClient } from './queries/mysql.ts';
import { sh } from './sh.ts';

export interface BinlogText {
  /** What mysqlbinlog prints, compressed by gzip: SQL that `mysql` takes, with the rows as comments. */
  readonly gzip: Buffer;
  /** How many of the transactions the server's binary logs still have. */
  readonly found: number;
}

/** These transactions out of the server's own binary logs. */
export async function readBinlog(host: HostReader, socket: string, gtids: string): Promise<BinlogText> {
  const client = [...mysqlClient, '--skip-column-names', '--batch', '--raw', `--socket=${socket}`];
  const { code, stdout, stderr } = await host.look(
    sh`base=$(mysql ${client} -e 'SELECT @@global.log_bin_basename') || exit
logs=$(mysql ${client} -e 'SHOW BINARY LOGS') || exit
cd "$(dirname "$base")" || exit
set -- $(printf '%s\\n' "$logs" | cut -f1)
errors=$(mktemp) || exit; trap 'rm -f "$errors"' EXIT
mysqlbinlog --no-defaults --verbose ${`--include-gtids=${gtids}`} "$@" 2>"$errors" | gzip -c | base64 -w0
! grep '^ERROR' "$errors" >&2`,
    { expect: 'any' },
  );
  if (code !== 0)
    throw new TaskFailure(
      `${host.name}: the binary logs could not be read: ${stderr.trim() || `exit code ${code}`}`,
    );
  const gzip = Buffer.from(stdout, 'base64');
  const text = gunzipSync(gzip).toString('utf8');
  return { gzip, found: text.match(/^SET @@SESSION\.GTID_NEXT= ?'[0-9a-f]{8}-/gim)?.length ?? 0 };
}
