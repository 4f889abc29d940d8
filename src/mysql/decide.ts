import {
  clusterOf,
  describeData,
  lacks,
  type Member,
  replicatesFrom,
  type Standing,
  standing,
} from './cluster.ts';
import { formatGtidSet, parseGtidSet, withoutSource } from './gtid.ts';
import { holdsTerm, isReplaced, termOf } from './mark.ts';

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
      hint: `Bring ${absent.name} back, or make another server the primary: foobar promote --force.`,
    };
  }
  const writable = sources.filter(({ server }) => !server!.readOnly);
  if (writable.length > 1)
    return {
      kind: 'refused',
      reason: `two servers take writes: ${writable.map((member) => `${member.name}${lead(member, writable)}`).join(', ')}`,
      hint: 'Decide which one is right and make the other read-only: SET GLOBAL super_read_only = ON.',
    };
  const [open] = writable;
  const newer = open && ours.find(({ server }) => isReplaced(open.server!, server!));
  if (newer)
    return {
      kind: 'refused',
      reason: `${open.name} takes writes, though by the data of ${newer.name} another server has been made the primary since`,
      hint: `Make ${open.name} read-only: SET GLOBAL super_read_only = ON.`,
    };
  if (open) return { kind: 'follow', primary: open.name, cluster };
  return reopen(sources, ours, unknown, hint, cluster);
}

/**
 * No server takes writes. The one that was made the primary last may do so again when nobody can have taken its
 * place: it lacks nothing, no promotion has begun, and a majority of the group follows it or all of it has answered.
 */
function reopen(
  sources: readonly Member[],
  ours: readonly Member[],
  unknown: readonly Member[],
  hint: string,
  cluster: string,
): Decision {
  const refused = (reason: string): Decision => ({
    kind: 'refused',
    reason,
    hint: 'foobar promote shows the situation and makes one of them the primary.',
  });
  const latest = Math.max(...ours.map(({ server }) => termOf(server!)));
  // What a server began itself tells nothing of another primary where the data count these: it would hold a later
  // term. It is for whoever makes that server a replica to refuse it, or to seed it anew.
  const unknownTo = latest > 0 ? lacksFromElsewhere : lacks;
  const whole = sources.filter((member) => ours.every((other) => unknownTo(member, other) === ''));
  const holder = sources.find(({ server }) => termOf(server!) === latest && holdsTerm(server!));
  const guess = whole.length > 1 ? whole.find((member) => member.name === hint) : whole[0];
  const chosen = latest > 0 ? holder : guess;
  if (!chosen || !whole.includes(chosen))
    return refused(
      `no server is the primary: ${ours.map((member) => describePart(member, ours)).join(', ')}`,
    );
  const others = ours.filter((member) => member !== chosen);
  const turned = others.find(
    (member) =>
      member.server!.channels.length > 0 &&
      !replicatesFrom(member, chosen) &&
      termOf(member.server!) === latest,
  );
  if (turned)
    return refused(
      `a promotion has begun and has not ended: ${turned.name} no longer replicates from ${chosen.name}`,
    );
  const following = others.filter((member) => replicatesFrom(member, chosen)).length;
  if (unknown.length > 0 && (following + 1) * 2 <= ours.length + unknown.length)
    return refused(
      `${chosen.name} may have been replaced: no majority of the group follows it, and ${unknown.map(absence).join('; ')}`,
    );
  return { kind: 'follow', primary: chosen.name, cluster };
}

/** What the member lacks of the other's transactions, but for those that the other began itself. */
function lacksFromElsewhere(member: Member, other: Member): string {
  const lacking = parseGtidSet(lacks(member, other));
  return formatGtidSet(withoutSource(lacking, other.server!.uuid));
}

function lead(member: Member, others: readonly Member[]): string {
  const own = others.filter((other) => other !== member).map((other) => lacks(other, member));
  return own.some((gtids) => gtids !== '') ? ` (alone with ${own.filter(Boolean).join(',')})` : '';
}

function describePart(member: Member, ours: readonly Member[]): string {
  const [channel] = member.server!.channels;
  if (channel) return `${member.name} replicates from ${channel.host}`;
  const missing = ours.some((other) => lacks(member, other) !== '');
  return missing
    ? `${member.name} is read-only and lacks transactions of the others`
    : `${member.name} is read-only and was not made the primary last`;
}
