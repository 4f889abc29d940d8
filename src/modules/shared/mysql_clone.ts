import { mysqlClient } from '../../host/queries/mysql.ts';
import { type Command, sh } from '../../host/sh.ts';

const progress = `SELECT CONCAT('seeding: ', LOWER(STAGE), IF(ESTIMATE > 0, CONCAT(' ', ROUND(100 * DATA / ESTIMATE), ' % of ',
  ROUND(ESTIMATE / 1048576), ' MB'), '')) FROM performance_schema.clone_progress WHERE STATE = 'In Progress'`;
const outcome = `SELECT CONCAT(STATE, ' ', ERROR_NO, ' ', ERROR_MESSAGE) FROM performance_schema.clone_status`;

/**
 * Shell that lets the server on this socket clone itself from the donor that the SQL on standard input names, tells
 * the progress, and waits until the server has restarted with the data. A donor serves one clone at a time
 * (ER_CLONE_TOO_MANY_CONCURRENT_CLONES, 3634): others wait for their turn.
 * @param patience seconds for the turn, and again for the restart
 */
export function cloneScript(socket: string, patience: number): Command {
  const options = [...mysqlClient, '--skip-column-names', '--batch', '--raw', `--socket=${socket}`];
  return sh`sql=$(cat); told=
errors=$(mktemp) || exit; trap 'rm -f "$errors"' EXIT
ask() { mysql ${options} -e "$1" 2>/dev/null; }
end=$(($(date +%s) + ${patience}))
while :; do
  { printf '%s\\n' "$sql" | mysql ${options} 2>"$errors"; } & client=$!
  while kill -0 "$client" 2>/dev/null; do
    sleep 0.5; line=$(ask ${progress}) || line=
    [ -z "$line" ] || [ "$line" = "$told" ] || { told=$line; printf '%s\\n' "$line"; }
  done
  wait "$client"; code=$?
  grep -Eq '^ERROR 3634|: 3634 ' "$errors" || break
  [ "$(date +%s)" -lt "$end" ] || break
  [ "$told" = turn ] || { told=turn; echo 'seeding: waits for another server to be seeded'; }
  sleep 2
done
if [ "$code" -ne 0 ] && ! grep -q '^ERROR 20[01][36]' "$errors"; then cat "$errors" >&2; exit 1; fi
end=$(($(date +%s) + ${patience})); echo 'seeding: restart'
while :; do
  state=$(ask ${outcome}) || state=
  case $state in
    Completed*) exit 0 ;;
    Failed*) printf 'clone: %s\\n' "$state" >&2; exit 1 ;;
  esac
  [ "$(date +%s)" -lt "$end" ] || { echo 'the server did not come back after the clone' >&2; exit 1; }
  sleep 0.5
done`;
}
