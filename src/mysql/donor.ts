import { type Member, series } from './cluster.ts';
import { containsGtids, parseGtidSet } from './gtid.ts';
import { markOf } from './mark.ts';

/** A replica that a new one could be seeded from. */
export interface Donor {
  readonly member: Member;
  /** Statements under way: Threads_running. */
  readonly running: number;
}

/** SQL for a server's load; one JSON document. */
export const loadSql = `SELECT JSON_OBJECT('running', (SELECT CAST(VARIABLE_VALUE AS UNSIGNED)
  FROM performance_schema.global_status WHERE VARIABLE_NAME = 'Threads_running'))`;

/**
 * The replicas whose data are as good as the primary's: they follow it without trouble, have nothing that it lacks and
 * still everything that its binary logs no longer tell, and CLONE can read them. The primary's state must have been
 * read last, or a late transaction looks like an errant one.
 */
export function healthyReplicas(self: Member, primary: Member, members: readonly Member[]): Member[] {
  const from = primary.server!;
  const version = self.server?.version ?? from.version;
  return members.filter(({ name, server }) => {
    if (!server || name === self.name || name === primary.name) return false;
    const [channel, ...others] = server.channels;
    if (!channel || others.length > 0 || channel.sourceUuid !== from.uuid) return false;
    const executed = parseGtidSet(server.executed);
    return (
      channel.receiver === 'ON' &&
      channel.applier === 'ON' &&
      server.superReadOnly &&
      markOf(server)?.cluster === markOf(from)?.cluster &&
      server.plugins.includes('clone') &&
      series(server.version) === series(version) &&
      containsGtids(parseGtidSet(from.executed), executed) &&
      containsGtids(executed, parseGtidSet(from.purged))
    );
  });
}

/** The least loaded of the healthy replicas, of equals the first; the primary when there is none. */
export function chooseDonor(primary: Member, replicas: readonly Donor[]): Member {
  const least = Math.min(...replicas.map(({ running }) => running));
  return replicas.find(({ running }) => running === least)?.member ?? primary;
}
