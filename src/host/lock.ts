import { leftover, mark } from './rollback.ts';
import { rawShell, sh } from './sh.ts';

/** Seconds to wait for another run to let go of a host; a killed controller's shell ends with its last step. */
export const lockPatience = 60;
/** Seconds between two signs of life, where the connection gives none. */
export const beat = 10;
/** Seconds without a sign of life after which a run's controller counts as gone; connections ask every few seconds. */
const silence = 25;
/** Seconds to wait for what a run without a controller has begun. */
const orphanPatience = 600;
/** What the shell answers when that was not enough (EX_TEMPFAIL of sysexits.h). */
export const busy = 75;

/** Shell that prints the handlers which an earlier run left to do. */
export const journal = '[ ! -s /var/lib/foobar/pending ] || cat /var/lib/foobar/pending';

/** The handlers that the journal names. */
export function handlersIn(stdout: Buffer): Set<string> {
  return new Set(
    stdout
      .toString('utf8')
      .split('\n')
      .filter((line) => line !== '' && !line.startsWith(mark)),
  );
}

/**
 * A function of the shell: whether the shell of a run, given by its process, does nothing but wait for a frame. What reads
 * the frame's bytes has the shell's own input, all else has none.
 */
export const idle = rawShell(`idle() {
[ -r "/proc/$1/task/$1/children" ] || return 1
for child in $(cat "/proc/$1/task/$1/children"); do [ "/proc/$child/fd/0" -ef "/proc/$1/fd/0" ] || return 1; done
}`);

/**
 * Functions of the shell for whoever waits for another run. The shell that holds the lock is given by its process, $p. A
 * living controller asks sshd every few seconds whether it is there, so the session's count of bytes read rises
 * (proc_pid_io(5)); with none there is no session any more, and the shell ends with its step.
 */
const waiting = `${idle.text}
heard() {
{ read -r p; read -r p; } </var/lib/foobar/lock
q=$p
while [ "\${q:-0}" -gt 1 ]; do
read -r name <"/proc/$q/comm" || return
case $name in sshd*) grep ^rchar: "/proc/$q/io"; return;; *sh|sudo|su|doas|runuser|script) ;; *) return;; esac
q=$(sed -n 's/^PPid:.//p' "/proc/$q/status")
done
[ -z "$p" ] || echo gone
} 2>/dev/null
patient() {
n=0 quiet=0 before=
until take -w 1 || mine; do
now=$(heard)
if [ -n "$now" ] && [ "$now" = "$before" ]; then quiet=$((quiet + 1)); else quiet=0; fi
before=$now
if [ $quiet -lt ${silence} ]; then
n=$((n + 1))
[ $n -lt ${lockPatience} ] || return ${busy}
continue
fi
[ $quiet -gt ${silence} ] || echo 'its controller is gone: waits for the end of what it began' >&2
[ $quiet -lt ${orphanPatience} ] || return ${busy}
{ read -r p; read -r p; } </var/lib/foobar/lock
! idle "$p" || kill "$p" $(cat "/proc/$p/task/$p/children")
done
}`;

/** Shell that locks the host, and prints the journal. It says who holds the lock when it has to wait. */
export function lockScript(owner: string): string {
  return [
    // Two names may be one machine (ansible_connection: local): what this run has locked already is its own.
    sh`mine() { read -r holder </var/lib/foobar/lock; [ "$holder" = ${owner} ]; }`.text,
    'took=; take() { flock "$@" 9 && took=1; }',
    waiting,
    `[ -d /var/lib/foobar ] || mkdir -p -m 700 /var/lib/foobar`,
    `[ -d /var/lib/foobar ] && exec 9>>/var/lib/foobar/lock &&`,
    `{ take -n || mine || take -w 1 || mine || { head -n 1 /var/lib/foobar/lock >&2; echo >&2; patient; }; } &&`,
    sh`{ [ -z "$took" ] || printf '%s\n' ${owner} $$ >/var/lib/foobar/lock; } && {`.text,
    journal,
    leftover(owner),
    '}',
  ].join('\n');
}

/** Shell that lets go of the lock until another run has taken it, or nobody did for two seconds, and locks again. */
export function lockAgainScript(owner: string): string {
  return [
    'flock -u 9; n=0',
    `while [ $n -lt 20 ] && mine; do sleep 0.1; n=$((n + 1)); done`,
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
