import type { ServerContents, ServerStatus } from '../host/queries/mysql_server.ts';
import { containsGtids, formatGtidSet, parseGtidSet, subtractGtids } from './gtid.ts';

/** One server of the group, as far as it could be asked. */
export interface Member {
  readonly name: string;
  /** IPv4 address that the others reach it by. */
  readonly address: string;
  /** Undefined when it could not be asked; `reason` then says why. */
  readonly server?: ServerStatus;
  readonly reason?: string;
  /** Known for servers that do not carry our mark. */
  readonly contents?: ServerContents;
}

/** Whose data a server holds: this site's, nobody's, somebody else's; or it could not be asked. */
export type Standing = 'ours' | 'empty' | 'foreign' | 'unknown';

/** Who is primary, and why nobody can be. */
export type Decision =
  /** No server holds data: the inventory's first choice becomes primary. */
  | { readonly kind: 'first'; readonly primary: string }
  | { readonly kind: 'follow'; readonly primary: string; readonly cluster: string }
  | {
      readonly kind: 'refused';
      readonly reason: string;
      readonly hint?: string;
      /** It may be that the servers are only not there yet. */
      readonly early?: boolean;
    };

const markWords = 'foobar cluster ';

/** The comment of the table foobar.cluster, by which a server's data is known as the site's. */
export function clusterMark(id: string): string {
  return markWords + id;
}

/** The id in a server's mark. */
export function clusterOf(server: ServerStatus): string | undefined {
  return server.cluster?.startsWith(markWords) ? server.cluster.slice(markWords.length) : undefined;
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

/**
 * Who is primary by the servers' own word: the only one of the site's servers without a source. Never one of two,
 * and never one that lacks transactions that another server has.
 * @param hint the inventory's choice for the first build
 * @param cluster the site's id as kept on the controller
 */
export function decidePrimary(
  members: readonly Member[],
  { hint, cluster }: { readonly hint: string; readonly cluster: string | undefined },
): Decision {
  const by = (wanted: Standing) => members.filter((member) => standing(member, cluster) === wanted);
  const ours = by('ours');
  const marks = [...new Set(ours.map(({ server }) => clusterOf(server!)!))];
  if (marks.length > 1)
    return {
      kind: 'refused',
      reason: `the servers hold data of different sites: ${ours.map((m) => `${m.name} of ${clusterOf(m.server!)}`).join(', ')}`,
      hint: 'The controller does not know which one is meant: its kept state of this inventory is lost.',
    };
  return ours.length === 0
    ? firstBuild(hint, by('unknown'), by('foreign'), members)
    : follow(ours, by('unknown'), hint, marks[0]!);
}

function firstBuild(
  hint: string,
  unknown: readonly Member[],
  foreign: readonly Member[],
  members: readonly Member[],
): Decision {
  if (!members.some((member) => member.name === hint))
    return { kind: 'refused', reason: `${hint} is to be the first primary and is no database server` };
  if (foreign.length > 0)
    return {
      kind: 'refused',
      reason: foreign.map((member) => `${member.name} holds ${describeData(member)}`).join('; '),
      hint: "It is neither empty nor this site's, and is left alone. Take it out of the group, or move its data away.",
    };
  if (unknown.length > 0)
    return {
      kind: 'refused',
      reason: `the first primary is chosen when every server is known to be empty: ${unknown.map(absence).join('; ')}`,
      early: true,
    };
  return { kind: 'first', primary: hint };
}

function absence({ name, reason }: Member): string {
  return reason === undefined
    ? `${name} does not answer`
    : reason.includes(name)
      ? reason
      : `${name}: ${reason}`;
}

function follow(
  ours: readonly Member[],
  unknown: readonly Member[],
  hint: string,
  cluster: string,
): Decision {
  const replicas = ours.filter(({ server }) => server!.channels.length > 0);
  const sources = ours.filter(({ server }) => server!.channels.length === 0);
  const absent = unknown.find((member) => replicas.some((replica) => replicatesFrom(replica, member)));
  if (absent) {
    const following = replicas.filter((replica) => replicatesFrom(replica, absent)).map(({ name }) => name);
    return {
      kind: 'refused',
      reason: `${following.join(' and ')} replicate${following.length === 1 ? 's' : ''} from ${absent.name}, which cannot be asked: ${absence(absent)}`,
      hint: `Bring ${absent.name} back, or make another server the primary.`,
    };
  }
  const writable = sources.filter(({ server }) => !server!.readOnly);
  if (writable.length > 1)
    return {
      kind: 'refused',
      reason: `two servers take writes: ${writable.map((member) => `${member.name}${lead(member, writable)}`).join(', ')}`,
      hint: 'Decide which one is right and make the other read-only: SET PERSIST super_read_only = ON.',
    };
  if (writable.length === 1) return { kind: 'follow', primary: writable[0]!.name, cluster };
  const whole = sources.filter((member) => ours.every((other) => lacks(member, other) === ''));
  const chosen = whole.length > 1 ? whole.find((member) => member.name === hint) : whole[0];
  if (chosen) return { kind: 'follow', primary: chosen.name, cluster };
  return {
    kind: 'refused',
    reason: `no server is the primary: ${ours.map((member) => describePart(member)).join(', ')}`,
    hint: 'Make the most advanced one the primary: on it STOP REPLICA; RESET REPLICA ALL; then run again.',
  };
}

/** Whether one of the server's sources is that member. */
export function replicatesFrom({ server }: Member, source: Member): boolean {
  return server!.channels.some((channel) => channel.host === source.address || channel.host === source.name);
}

/** The transactions that `other` has and `member` does not have. */
function lacks(member: Member, other: Member): string {
  return formatGtidSet(
    subtractGtids(parseGtidSet(other.server!.executed), parseGtidSet(member.server!.executed)),
  );
}

function lead(member: Member, others: readonly Member[]): string {
  const own = others.filter((other) => other !== member).map((other) => lacks(other, member));
  return own.some((gtids) => gtids !== '') ? ` (alone with ${own.filter(Boolean).join(',')})` : '';
}

function describePart({ name, server }: Member): string {
  const [channel] = server!.channels;
  return channel
    ? `${name} replicates from ${channel.host}`
    : `${name} is read-only and lacks transactions of the others`;
}

/** What is to be done with a server's data before it can follow the primary. */
export type ReplicaPlan =
  | { readonly kind: 'keep' }
  | { readonly kind: 'seed'; readonly why: string }
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
    return seed(self, primary, `its own ${formatGtidSet(errant)} may be discarded`);
  if (errant.size > 0)
    return {
      kind: 'refused',
      reason: `${self.name} has transactions that the primary ${primary.name} does not have: ${formatGtidSet(errant)}`,
      hint: `Look at them with mysqlbinlog --include-gtids on ${self.name} and save what matters. Then -e replication_discard=${self.name} seeds it anew.`,
    };
  if (!containsGtids(executed, parseGtidSet(from.purged)))
    return seed(self, primary, `${primary.name} no longer has the binary logs that it lacks`);
  return { kind: 'keep' };
}

function seed(self: Member, primary: Member, why: string): ReplicaPlan {
  const versions = [self.server!.version, primary.server!.version] as const;
  if (series(versions[0]) === series(versions[1])) return { kind: 'seed', why };
  return {
    kind: 'refused',
    reason: `${self.name} runs MySQL ${versions[0]}, the primary ${primary.name} ${versions[1]}`,
    hint: 'CLONE needs the same release series on both.',
  };
}

/** Release series as CLONE sees it: 8.0, 8.4, 9.7. */
function series(version: string): string {
  return version.split('.', 2).join('.');
}
