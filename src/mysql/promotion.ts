import { lacks, type Member, replicatesFrom, standing, transactionsOf } from './cluster.ts';
import { formatGtidSet, subtractGtids, withoutSource } from './gtid.ts';
import { holdsTerm, isReplaced, markOf, termOf } from './mark.ts';

export interface PromotionWish {
  /** The server that is to be primary; undefined: the best one. */
  readonly to: string | undefined;
  /** Also when the primary is gone. */
  readonly force: boolean;
  /** Members of which a person says that they will never come back with their disks. */
  readonly lost: readonly string[];
  /** The site's id as kept on the controller. */
  readonly cluster: string | undefined;
}

export interface Refusal {
  readonly kind: 'refused';
  readonly reason: string;
  readonly hint: string;
}

export type Promotion =
  /** `to` is the primary; these are still to follow it. */
  | {
      readonly kind: 'settled';
      readonly to: string;
      readonly followers: readonly string[];
      /** It is read-only and may be opened: every server has been asked, or is lost by a person's word. */
      readonly opens: boolean;
    }
  | {
      /** switch: the old primary answers and hands over. force: it is gone. */
      readonly kind: 'switch' | 'force';
      /** The old primary. Not known when it is gone and nothing that is left tells of it. */
      readonly from: string | undefined;
      readonly to: string;
      /** The others that answer and hold the site's data. */
      readonly followers: readonly string[];
      /** Members that cannot be asked and may come back; one of them may be the old primary. */
      readonly absent: readonly string[];
      /** The next term. */
      readonly term: number;
      /** The site's id. */
      readonly cluster: string;
    };

/** What may never be done silently: who becomes primary, or why nobody does. Replicas are read before the primary. */
export function planPromotion(members: readonly Member[], wish: PromotionWish): Promotion | Refusal {
  const unknown = [wish.to, ...wish.lost].find(
    (name) => name !== undefined && !members.some((member) => member.name === name),
  );
  if (unknown !== undefined)
    return refused(`${unknown} is no database server`, 'The group database names them.');
  const back = members.find(({ name, server }) => server && wish.lost.includes(name));
  if (back) return refused(`${back.name} is said to be lost, and answers`, 'Run it again without --lost.');
  const ours = members.filter((member) => standing(member, wish.cluster) === 'ours');
  if (ours.length === 0)
    return refused(
      `no server that answers holds this site's data: ${members.map(describe).join('; ')}`,
      'foobar restore rebuilds the database from its backup.',
    );
  if (wish.to !== undefined && !ours.some(({ name }) => name === wish.to)) {
    const wanted = members.find(({ name }) => name === wish.to)!;
    return refused(
      `${wish.to} cannot become the primary: ${describe(wanted)}`,
      "Name a server that answers and holds the site's data, or none.",
    );
  }
  const absent = members.filter(({ name, server }) => !server && !wish.lost.includes(name));
  const primary = currentPrimary(ours);
  if (primary && 'kind' in primary) return primary;
  return primary ? handOver(primary, ours, absent, wish) : takeOver(ours, absent, members, wish);
}

function refused(reason: string, hint: string): Refusal {
  return { kind: 'refused', reason, hint };
}

function describe({ name, server, reason }: Member): string {
  return server ? `${name} does not hold this site's data` : (reason ?? `${name} does not answer`);
}

/** The one that takes writes, or else the one of the latest term; undefined when that one does not answer. */
function currentPrimary(ours: readonly Member[]): Member | Refusal | undefined {
  const latest = Math.max(...ours.map(({ server }) => termOf(server!)));
  const open = ours.filter(({ server }) => !server!.readOnly && server!.channels.length === 0);
  if (open.length > 1)
    return refused(
      `two servers take writes: ${open.map(({ name }) => name).join(', ')}`,
      'Decide which one is right and make the other read-only: SET GLOBAL super_read_only = ON.',
    );
  if (open[0] && ours.some(({ server }) => isReplaced(open[0]!.server!, server!)))
    return refused(
      `${open[0].name} takes writes, though another server has been made the primary since`,
      `Make ${open[0].name} read-only: SET GLOBAL super_read_only = ON.`,
    );
  if (open[0]) return open[0];
  if (latest > 0)
    return ours.find(({ server }) => termOf(server!) === latest && holdsTerm(server!)) ?? undefined;
  return ours.find(
    (member) => member.server!.channels.length === 0 && ours.some((other) => replicatesFrom(other, member)),
  );
}

/** The one that an earlier, interrupted promotion has chosen: another server, or it itself, is to follow it. */
function elected(ours: readonly Member[], from: Member | undefined): Member | undefined {
  return ours.find((member) => member !== from && ours.some((other) => replicatesFrom(other, member)));
}

function handOver(
  from: Member,
  ours: readonly Member[],
  absent: readonly Member[],
  wish: PromotionWish,
): Promotion | Refusal {
  const others = ours.filter((member) => member !== from);
  const stray = others
    .map((member) => ({ name: member.name, gtids: lacks(from, member) }))
    .find(({ gtids }) => gtids !== '');
  if (stray)
    return refused(
      `${stray.name} has transactions that the primary ${from.name} does not have: ${stray.gtids}`,
      `Look at them with mysqlbinlog --include-gtids on ${stray.name}. foobar provision -e replication_discard=${stray.name} keeps them in a file on the controller and seeds it anew.`,
    );
  const chosen = elected(ours, from);
  const candidate = chosen ?? others.filter((member) => isFollowing(member, from)).sort(byAdvance)[0];
  const closed = from.server!.readOnly;
  const left = wish.to === undefined && closed && wish.lost.length > 0 && !candidate;
  const stays = left || wish.to === from.name || (wish.to === undefined && wish.force && !closed);
  if (stays && !(closed && absent.length > 0))
    return {
      kind: 'settled',
      to: from.name,
      followers: others.filter((member) => !isFollowing(member, from)).map(({ name }) => name),
      opens: closed,
    };
  if (absent.length > 0)
    return refused(
      `a planned promotion needs every server: ${absent.map(describe).join('; ')}`,
      `Bring ${absent.map(({ name }) => name).join(' and ')} back. If one never comes back with its disk, say so: --lost ${absent[0]!.name}.`,
    );
  const to = wish.to ? others.find(({ name }) => name === wish.to)! : candidate;
  if (!to)
    return refused(
      `no server could take over from ${from.name}: ${others.map(({ name, server }) => `${name}: ${trouble(server!)}`).join('; ') || 'it is the only one'}`,
      'foobar provision makes the others its replicas.',
    );
  if (!chosen && !isFollowing(to, from))
    return refused(
      `${to.name} does not replicate from ${from.name}: ${trouble(to.server!)}`,
      'foobar provision mends replicas.',
    );
  return plan('switch', from, to, ours, absent);
}

function takeOver(
  ours: readonly Member[],
  absent: readonly Member[],
  members: readonly Member[],
  wish: PromotionWish,
): Promotion | Refusal {
  const group = members.length - wish.lost.length;
  const sources = absent.filter((member) => ours.some((other) => replicatesFrom(other, member)));
  const from = sources.length === 1 ? sources[0] : undefined;
  if (!wish.force)
    return refused(
      `the primary${from ? ` ${from.name}` : ''} does not answer: ${absent.map(describe).join('; ') || 'it is none of the group'}`,
      'If it is gone, another server can take its place: foobar promote --force.',
    );
  if (ours.length * 2 < group)
    return refused(
      `${ours.length} of ${group} servers answer, and ${Math.ceil(group / 2)} are needed: what the others have is not known. ${absent.map(describe).join('; ')}`,
      `Bring one back. If one never comes back with its disk, say so: --lost ${(absent.find((member) => member !== from) ?? absent[0])?.name}.`,
    );
  const silent = absent.filter(({ stopped }) => !stopped);
  if (silent.length > 1)
    return refused(
      `${silent.map(({ name }) => name).join(' and ')} cannot be asked: while the old primary reaches one of them it goes on taking writes. ${silent.map(describe).join('; ')}`,
      `Bring them back. Those of which you have cut the power, and that never come back with their disks: --lost ${silent
        .filter((member) => member !== from)
        .map(({ name }) => name)
        .join(',')}.`,
    );
  const stray = ours.length > 1 ? ours.map((member) => ownOnly(member, ours)).find(Boolean) : undefined;
  if (stray)
    return refused(
      `${stray.name} has transactions of its own that no other server has: ${stray.gtids}`,
      `Look at them with mysqlbinlog --include-gtids on ${stray.name}; take it out of the group, or seed it anew once there is a primary.`,
    );
  const whole = ours.filter((member) => ours.every((other) => lacks(member, other) === ''));
  const to = wish.to
    ? ours.find(({ name }) => name === wish.to)!
    : (whole.find((member) => member === elected(ours, from)) ?? whole[0]);
  if (!to) {
    const [one, two] = ours;
    return refused(
      `no server has all transactions: ${two!.name} lacks ${lacks(two!, one!)}, ${one!.name} lacks ${lacks(one!, two!)}`,
      'One of them has been written to beside the primary. Take it out of the group.',
    );
  }
  const more = ours.find((other) => lacks(to, other) !== '');
  if (more)
    return refused(
      `${to.name} lacks transactions that ${more.name} has: ${lacks(to, more)}`,
      `Promote ${more.name}, or name none.`,
    );
  const broken = to.server!.channels.find(({ applierError }) => applierError !== '');
  if (broken)
    return refused(
      `${to.name} cannot apply what it has received: ${broken.applierError}`,
      'Mend that first: what was acknowledged may be in it.',
    );
  return plan('force', from, to, ours, absent);
}

function plan(
  kind: 'switch' | 'force',
  from: Member | undefined,
  to: Member,
  ours: readonly Member[],
  absent: readonly Member[],
): Promotion {
  return {
    kind,
    from: from?.name,
    to: to.name,
    followers: ours.filter((member) => member !== to).map(({ name }) => name),
    absent: absent.map(({ name }) => name),
    term: Math.max(...ours.map(({ server }) => termOf(server!))) + 1,
    cluster: markOf(to.server!)!.cluster,
  };
}

/** Whether the member replicates from that one, with both threads at work. */
function isFollowing(member: Member, from: Member): boolean {
  const [channel] = member.server!.channels;
  return (
    replicatesFrom(member, from) &&
    channel!.receiver === 'ON' &&
    channel!.applier === 'ON' &&
    member.server!.readOnly
  );
}

function trouble(server: NonNullable<Member['server']>): string {
  const [channel] = server.channels;
  if (!channel) return 'it replicates from nobody';
  return (
    channel.receiverError ||
    channel.applierError ||
    `it replicates from ${channel.host}, receiver ${channel.receiver}, applier ${channel.applier}`
  );
}

/** The one that lacks least comes first; the inventory's order decides between equals. */
function byAdvance(left: Member, right: Member): number {
  return Number(lacks(left, right) !== '') - Number(lacks(right, left) !== '');
}

/** What a server began itself and no other one has: written on a replica, beside the primary. */
function ownOnly(
  member: Member,
  ours: readonly Member[],
): { readonly name: string; readonly gtids: string } | undefined {
  const all = transactionsOf(member);
  const own = subtractGtids(all, withoutSource(all, member.server!.uuid));
  const others = ours.filter((other) => other !== member).map(transactionsOf);
  const gtids = formatGtidSet(others.reduce((rest, set) => subtractGtids(rest, set), own));
  return gtids === '' ? undefined : { name: member.name, gtids };
}
