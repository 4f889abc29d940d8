import type { ServerContents, ServerStatus } from '../host/queries/mysql_server.ts';
import {
  containsGtids,
  formatGtidSet,
  type GtidSet,
  parseGtidSet,
  subtractGtids,
  uniteGtids,
} from './gtid.ts';
import { markOf } from './mark.ts';

/** One server of the group, as far as it could be asked. */
export interface Member {
  readonly name: string;
  /** IPv4 address that the others reach it by. */
  readonly address: string;
  /** Undefined when it could not be asked; `reason` then says why. */
  readonly server?: ServerStatus;
  readonly reason?: string;
  /** Its host answers, and MySQL does not run there, or hangs. */
  readonly stopped?: boolean;
  /** Known for servers that do not carry our mark. */
  readonly contents?: ServerContents;
}

/** Whose data a server holds: this site's, nobody's, somebody else's; or it could not be asked. */
export type Standing = 'ours' | 'empty' | 'foreign' | 'unknown';

/** The id in a server's mark. */
export function clusterOf(server: ServerStatus): string | undefined {
  return markOf(server)?.cluster;
}

/** @param cluster the site's id as kept on the controller; undefined: any mark is taken for the site's */
export function standing(member: Member, cluster: string | undefined): Standing {
  if (!member.server) return 'unknown';
  const mark = clusterOf(member.server);
  if (mark !== undefined) return cluster === undefined || mark === cluster ? 'ours' : 'foreign';
  if (member.server.channels.length > 0) return 'foreign';
  return isEmpty(member.contents) ? 'empty' : 'foreign';
}

function isEmpty(contents: ServerContents | undefined): boolean {
  if (!contents) return false;
  return Object.values(contents.schemas).every((objects) => objects === 0) && people(contents).length === 0;
}

/** Accounts that mean something: neither anonymous ones nor root's, which installations leave behind. */
function people(contents: ServerContents): readonly string[] {
  return contents.accounts.filter((account) => !account.startsWith('@') && !account.startsWith('root@'));
}

/** What a foreign server holds, in words. */
export function describeData({ server, contents }: Member): string {
  const mark = server ? clusterOf(server) : undefined;
  if (mark !== undefined) return `the data of another foobar site (${mark})`;
  const schemas = Object.entries(contents?.schemas ?? {}).map(
    ([name, objects]) => `schema ${name} (${objects} tables and routines)`,
  );
  const accounts = contents ? people(contents).map((account) => `account ${account}`) : [];
  const sources = (server?.channels ?? []).map(
    (channel) => `replication from ${channel.host}:${channel.port}`,
  );
  return [...schemas, ...accounts, ...sources].slice(0, 12).join(', ') || 'data that could not be read';
}

/** Whether one of the server's sources is that member. */
export function replicatesFrom({ server }: Member, source: Member): boolean {
  return server!.channels.some((channel) => channel.host === source.address || channel.host === source.name);
}

/** The transactions that the server has, applied or waiting to be. */
export function transactionsOf({ server }: Member): GtidSet {
  return uniteGtids(
    parseGtidSet(server!.executed),
    ...server!.channels.map(({ received }) => parseGtidSet(received)),
  );
}

/** The transactions that `other` has and `member` does not have. */
export function lacks(member: Member, other: Member): string {
  return formatGtidSet(subtractGtids(transactionsOf(other), transactionsOf(member)));
}

/** What is to be done with a server's data before it can follow the primary. */
export type ReplicaPlan =
  | { readonly kind: 'keep' }
  /** errant: transactions that only this server of the site has, and that may be lost. */
  | { readonly kind: 'seed'; readonly why: string; readonly errant?: string }
  | { readonly kind: 'refused'; readonly reason: string; readonly hint: string };

/**
 * Whether the server can follow, must be seeded first, or must be left alone. Both states must have been read in
 * the order given: the replica's before the primary's, or a late transaction looks like an errant one.
 * @param mayDiscard a person has said that transactions that only this server of the site has may be lost
 */
export function planReplica(
  self: Member,
  primary: Member,
  cluster: string | undefined,
  mayDiscard = false,
): ReplicaPlan {
  const from = primary.server!;
  const is = standing(self, cluster);
  if (is === 'foreign')
    return {
      kind: 'refused',
      reason: `${self.name} holds ${describeData(self)}`,
      hint: "It is neither empty nor this site's, and is left alone. Take it out of the group, or move its data away.",
    };
  if (is === 'empty') return seed(self, primary, 'it holds no data');
  const executed = parseGtidSet(self.server!.executed);
  const errant = subtractGtids(executed, parseGtidSet(from.executed));
  if (errant.size > 0 && mayDiscard)
    return seed(self, primary, `its own ${formatGtidSet(errant)} may be discarded`, formatGtidSet(errant));
  if (errant.size > 0)
    return {
      kind: 'refused',
      reason: `${self.name} has transactions that the primary ${primary.name} does not have: ${formatGtidSet(errant)}`,
      hint: `Look at them with mysqlbinlog --include-gtids on ${self.name}. -e replication_discard=${self.name} keeps them in a file on the controller and seeds it anew.`,
    };
  if (!containsGtids(executed, parseGtidSet(from.purged)))
    return seed(self, primary, `${primary.name} no longer has the binary logs that it lacks`);
  return { kind: 'keep' };
}

function seed(self: Member, primary: Member, why: string, errant?: string): ReplicaPlan {
  const versions = [self.server!.version, primary.server!.version] as const;
  if (series(versions[0]) === series(versions[1]))
    return { kind: 'seed', why, ...(errant !== undefined && { errant }) };
  return {
    kind: 'refused',
    reason: `${self.name} runs MySQL ${versions[0]}, the primary ${primary.name} ${versions[1]}`,
    hint: 'CLONE needs the same release series on both.',
  };
}

/** Release series as CLONE sees it: 8.0, 8.4, 9.7. */
export function series(version: string): string {
  return version.split('.', 2).join('.');
}
