import { TaskFailure, TransportError } from '../errors.ts';
import type { HostReader } from '../host/contract.ts';
import { sh } from '../host/sh.ts';
import { permissionFile } from '../host/writable.ts';
import type { DatabaseGroup } from './group.ts';

interface Target {
  readonly name: string;
  readonly address: string;
  readonly port: number;
}

/**
 * Seconds within which a primary that reaches nobody any more has ended its writes, whatever its guard
 * (foobar-mysql-guard) waits for: the round that still heard somebody, begun up to 9 before its pause ended (its
 * questions, the lock, the opening), two rounds of 5 that hear nobody, closing in 4, killing in 1.
 */
const slowest = 24;
/** The same where the lease is long, beyond it: the rest of a round that was just too early, the next one, closing. */
const grace = 11;

/**
 * The servers that cannot be asked from here, watched from every host of the site: one that any of them reaches is not
 * gone. Nothing is assumed about a host that cannot be asked: through it a primary may keep its lease.
 */
export class Absent {
  /** Seconds until a primary among them must have made itself read-only, when it has reached nobody meanwhile. */
  readonly wait: number;
  private readonly group: DatabaseGroup;
  private readonly targets: readonly Target[];
  private readonly watchers: readonly string[];

  /**
   * @param names database servers that may come back
   * @param lost hosts of which a person says that they never will; where they were there may be a new machine
   */
  constructor(group: DatabaseGroup, names: readonly string[], lost: readonly string[]) {
    this.group = group;
    const isMember = (name: string) => group.members.some((member) => member.name === name);
    this.targets = group.hosts.flatMap(({ name, address, sshPort }) => [
      ...(names.includes(name) || (lost.includes(name) && isMember(name))
        ? [{ name, address, port: group.port }]
        : []),
      ...(names.includes(name) ? [{ name, address, port: sshPort }] : []),
    ]);
    this.watchers = group.hosts
      .map(({ name }) => name)
      .filter((name) => !names.includes(name) && !lost.includes(name));
    this.wait = this.targets.length === 0 ? 0 : Math.max(slowest, group.lease + grace);
  }

  /**
   * Looks once from everywhere.
   * @throws TaskFailure when one of them can be reached, or a host cannot be asked
   */
  async look(): Promise<void> {
    if (this.targets.length === 0) return;
    const answers = await Promise.all(
      this.watchers.map(async (watcher) => {
        const reached = await reachedFrom(this.group.host(watcher), this.targets);
        return { watcher, reached };
      }),
    );
    const seen = answers.flatMap(({ watcher, reached }) =>
      (reached ?? []).map(({ name, port }) => `${watcher} reaches ${name} on port ${port}`),
    );
    if (seen.length > 0)
      throw new TaskFailure(
        `not dead, only not reachable from here: ${seen.join(', ')}`,
        'While it lives it may take writes. Mend the way to it, or cut its power, then run this again.',
      );
    const silent = answers.filter(({ reached }) => reached === undefined).map(({ watcher }) => watcher);
    if (silent.length > 0)
      throw new TaskFailure(
        `${silent.join(' and ')} cannot be asked: while the old primary reaches one of them it goes on taking writes`,
        `Bring them back, or cut their power and say so: --lost ${silent.join(',')}.`,
      );
  }
}

/** The targets to which the host can open a TCP connection; undefined when it cannot be asked. */
async function reachedFrom(
  host: HostReader,
  targets: readonly Target[],
): Promise<readonly Target[] | undefined> {
  const attempts = targets.map(
    ({ address, port }, index) =>
      sh`{ timeout 2 bash -c ${`: </dev/tcp/${address}/${port}`} 2>/dev/null && echo ${index}; } &`.text,
  );
  try {
    const { stdout } = await host.look(sh`eval ${`${attempts.join('\n')}\nwait`}`);
    return stdout
      .split('\n')
      .filter(Boolean)
      .map((index) => targets[Number(index)]!);
  } catch (error) {
    if (error instanceof TransportError && error.kind !== 'interrupted') return undefined;
    throw error;
  }
}

/** Keeps a MySQL that does not answer, on a host that does, from ever becoming writable by itself. */
export async function fence(group: DatabaseGroup, name: string): Promise<void> {
  await group.host(name).run(sh`rm -f ${permissionFile} || exit
[ ! -d /var/lib/foobar/mysql ] || sync /var/lib/foobar/mysql || exit
timeout 20 systemctl stop mysql || systemctl kill --signal=KILL mysql
tries=0
while :; do
  case $(systemctl is-active mysql) in inactive|failed|unknown) exit 0 ;; esac
  [ $((tries = tries + 1)) -le 40 ] || { echo 'MySQL does not end' >&2; exit 1; }
  sleep 0.5
done`);
}
