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

/** Seconds that a guard may take beyond the lease: its last look and the end of the writes under way. */
const grace = 5;

/**
 * The servers that cannot be asked from here, watched from every host of the site that can: one that any of them
 * reaches is not gone.
 */
export class Absent {
  private readonly group: DatabaseGroup;
  private readonly targets: readonly Target[];
  private readonly watchers: readonly string[];
  /** When the round of looks began of which on nobody has reached them; performance.now(). */
  private since: number | undefined;

  constructor(group: DatabaseGroup, names: readonly string[]) {
    this.group = group;
    const gone = group.hosts.filter(({ name }) => names.includes(name));
    this.targets = gone.flatMap(({ name, address, sshPort }) => [
      { name, address, port: group.port },
      { name, address, port: sshPort },
    ]);
    this.watchers = group.hosts.map(({ name }) => name).filter((name) => !names.includes(name));
  }

  /**
   * Looks once from everywhere.
   * @throws TaskFailure when one of them can be reached
   */
  async look(): Promise<void> {
    if (this.targets.length === 0) return;
    const began = performance.now();
    const seen = (
      await Promise.all(
        this.watchers.map(async (watcher) => {
          const reached = await reachedFrom(this.group.host(watcher), this.targets);
          return reached.map(({ name, port }) => `${watcher} reaches ${name} on port ${port}`);
        }),
      )
    ).flat();
    if (seen.length > 0)
      throw new TaskFailure(
        `not dead, only not reachable from here: ${seen.join(', ')}`,
        'While it lives it may take writes. Mend the way to it, or cut its power, then run this again.',
      );
    this.since ??= began;
  }

  /** Seconds until a primary among them must have made itself read-only: it has reached nobody since the first look. */
  left(): number {
    if (this.targets.length === 0) return 0;
    const waited = this.since === undefined ? 0 : (performance.now() - this.since) / 1000;
    return Math.max(0, this.group.lease + grace - waited);
  }
}

/** The targets to which the host can open a TCP connection. A host that is not there itself reaches nobody. */
async function reachedFrom(host: HostReader, targets: readonly Target[]): Promise<readonly Target[]> {
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
    if (error instanceof TransportError) return [];
    throw error;
  }
}

/** Keeps a MySQL that does not answer, on a host that does, from ever becoming writable by itself. */
export async function fence(group: DatabaseGroup, name: string): Promise<void> {
  await group
    .host(name)
    .run(sh`rm -f ${permissionFile} && { [ ! -d /var/lib/foobar/mysql ] || sync /var/lib/foobar/mysql; } &&
timeout 20 systemctl stop mysql || systemctl kill --signal=KILL mysql
case $(systemctl is-active mysql) in inactive|failed|unknown) ;; *) echo 'MySQL does not end' >&2; exit 1 ;; esac`);
}
