import { sh } from './sh.ts';

/** Seconds to wait for another run to let go of a host; a killed controller's shell ends with its last step. */
export const lockPatience = 60;
/** What the shell answers when that was not enough (EX_TEMPFAIL of sysexits.h). */
export const busy = 75;

/** Shell that prints the handlers which an earlier run left to do. */
export const journal = '[ ! -s /var/lib/foobar/pending ] || cat /var/lib/foobar/pending';

/** The handlers that the journal names. */
export function handlersIn(stdout: Buffer): Set<string> {
  return new Set(stdout.toString('utf8').split('\n').filter(Boolean));
}

/** Shell that locks the host, and prints the journal. It says who holds the lock when it has to wait. */
export function lockScript(owner: string): string {
  return [
    // Two names may be one machine (ansible_connection: local): what this run has locked already is its own.
    sh`mine() { [ "$(cat /var/lib/foobar/lock)" = ${owner} ]; }`.text,
    `patient() { n=0; until flock -w 1 9 || mine; do n=$((n + 1)); [ $n -lt ${lockPatience} ] || return ${busy}; done; }`,
    `[ -d /var/lib/foobar ] || mkdir -p -m 700 /var/lib/foobar`,
    `[ -d /var/lib/foobar ] && exec 9>>/var/lib/foobar/lock &&`,
    `{ flock -n 9 || mine || flock -w 1 9 || mine || { cat /var/lib/foobar/lock >&2; echo >&2; patient; }; } &&`,
    sh`echo ${owner} >/var/lib/foobar/lock && {`.text,
    journal,
    '}',
  ].join('\n');
}

/** Shell that lets go of the lock until another run has taken it, or nobody did for two seconds, and locks again. */
export function lockAgainScript(owner: string): string {
  return [
    'flock -u 9; n=0',
    sh`while [ $n -lt 20 ] && [ "$(cat /var/lib/foobar/lock)" = ${owner} ]; do sleep 0.1; n=$((n + 1)); done`
      .text,
    `{ ${lockScript(owner)}`,
    '} || exit',
  ].join('\n');
}

/** Whether the run that holds a lock began before another one: a lock names its owner, and since when. */
export function isOlder(holder: string, own: string): boolean {
  const since = (owner: string): string => / since (\S+)$/.exec(owner)?.[1] ?? '';
  return (
    since(holder) !== '' && (since(holder) < since(own) || (since(holder) === since(own) && holder < own))
  );
}
