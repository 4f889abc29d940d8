import { setTimeout as sleep } from 'node:timers/promises';
import { TaskFailure } from '../errors.ts';
import { runSql } from '../host/sql.ts';
import { closeScript, openScript } from '../host/writable.ts';
import { changeSource } from '../mysql/channel.ts';
import { type Member, replicatesFrom, transactionsOf } from '../mysql/cluster.ts';
import { countGtids, formatGtidSet, type GtidSet, parseGtidSet, subtractGtids } from '../mysql/gtid.ts';
import { sqlString } from '../mysql/literal.ts';
import { markStatements } from '../mysql/mark.ts';
import { type Promotion, type PromotionWish, planPromotion } from '../mysql/promotion.ts';
import { semiSync } from '../mysql/semisync.ts';
import { Absent, fence } from './fence.ts';
import { type Answering, type DatabaseGroup, readAgain, readMembers } from './group.ts';
import type { Story } from './story.ts';

type Acting = Extract<Promotion, { kind: 'switch' | 'force' }>;

/** Seconds for which transactions that are open may delay a planned switch; then they are ended. */
const patience = 2;
/** Seconds without progress after which a candidate that catches up is given up. */
const calm = 60;
/** Seconds in which it must have the last transactions, while nobody can write. */
const urgent = 10;

export interface Promoted {
  readonly primary: string;
  /** Seconds during which a planned switch refused writes. */
  readonly writePause?: number;
}

/** What is there, and what would be done. Throws a TaskFailure when nothing may be done. */
export async function situation(
  group: DatabaseGroup,
  wish: PromotionWish,
): Promise<{ readonly members: readonly Member[]; readonly promotion: Promotion }> {
  const members = await readMembers(group);
  const promotion = planPromotion(members, wish);
  if (promotion.kind === 'refused') throw new TaskFailure(promotion.reason, promotion.hint);
  return { members, promotion };
}

/**
 * Makes another server the primary. Each step can be told from the servers' own state, so whatever ends this, the
 * same command goes on from there.
 */
export async function promote(
  group: DatabaseGroup,
  promotion: Promotion,
  wish: PromotionWish,
  story: Story,
): Promise<Promoted> {
  if (promotion.kind === 'settled') {
    for (const name of promotion.followers)
      await story.phase(`make ${name} follow ${promotion.to}`, async () =>
        follow(group, await readAgain(group, name), promotion.to),
      );
    return { primary: promotion.to };
  }
  return promotion.kind === 'switch'
    ? handOver(group, promotion, story)
    : takeOver(group, promotion, wish, story);
}

async function handOver(group: DatabaseGroup, plan: Acting, story: Story): Promise<Promoted> {
  const { to } = plan;
  const from = plan.from!;
  await story.phase(`${to} catches up with ${from}`, async () => {
    const { address } = memberOf(group, from);
    const candidate = await readAgain(group, to);
    if (!replicatesFrom(candidate, { name: from, address })) await follow(group, candidate, from);
    await caughtUp(group, to, transactionsOf(await readAgain(group, from)), story);
  });
  // All that must be known is asked before: while nobody writes, nothing but what changes something is sent.
  const servers = new Map(
    await Promise.all(
      group.members
        .filter(({ name }) => name === to || plan.followers.includes(name))
        .map(async ({ name }) => [name, await readAgain(group, name)] as const),
    ),
  );
  const began = performance.now();
  const last = await story.phase(`${from} takes no more writes`, () => close(group, from));
  try {
    await story.phase(`${to} has everything that ${from} has`, () => waitFor(group, to, last));
  } catch (error) {
    if (!(error instanceof TaskFailure)) throw error;
    await story.phase(`${from} takes writes again`, () => open(group, servers.get(from)!));
    throw new TaskFailure(`${error.message}; ${from} is the primary as before`, error.hint);
  }
  await story.phase(`the others follow ${to}`, () => elect(group, plan, servers));
  await story.phase(`${to} takes writes`, () => open(group, servers.get(to)!, plan));
  return { primary: to, writePause: (performance.now() - began) / 1000 };
}

async function takeOver(
  group: DatabaseGroup,
  first: Acting,
  wish: PromotionWish,
  story: Story,
): Promise<Promoted> {
  const before = await readMembers(group);
  const stopped = before.filter(({ name, stopped }) => first.absent.includes(name) && stopped);
  const gone = first.absent.filter((name) => !stopped.some((member) => member.name === name));
  const absent = new Absent(group, gone);
  const old = first.from ?? 'the old primary';
  await story.phase(`${old} is gone: no host reaches it`, () => seenGone(group, first, absent));
  for (const { name } of stopped)
    await story.phase(`MySQL of ${name}, which does not answer, ends for good`, () => fence(group, name));
  const plan = await story.phase('no replica takes more from it', () => hold(group, first, wish));
  const { to } = plan;
  await story.phase(`${to} applies what it has received`, async () => {
    const candidate = await readAgain(group, to);
    if (candidate.server.channels.length > 0)
      await runSql(group.host(to), group.socket, ['START REPLICA SQL_THREAD']);
    await caughtUp(group, to, transactionsOf(candidate), story);
  });
  const servers = new Map(
    await Promise.all(
      [to, ...plan.followers].map(async (name) => [name, await readAgain(group, name)] as const),
    ),
  );
  await story.phase(`the others follow ${to}`, () => elect(group, plan, servers));
  await story.phase(`${old} must have made itself read-only (lease of ${group.lease} s)`, async () => {
    for (;;) {
      await absent.look();
      const left = absent.left();
      if (left === 0) return;
      await sleep(Math.min(left, 1) * 1000);
    }
  });
  await story.phase(`${to} takes writes`, () => open(group, servers.get(to)!, plan));
  return { primary: to };
}

/** Waits until the survivors' receivers have noticed what every host says: nobody reaches it. */
async function seenGone(group: DatabaseGroup, plan: Acting, absent: Absent): Promise<void> {
  const deadline = performance.now() + 30_000;
  for (;;) {
    await absent.look();
    const survivors = await Promise.all([plan.to, ...plan.followers].map((name) => readAgain(group, name)));
    const hearing = survivors.filter(({ server }) =>
      server.channels.some(
        ({ host, receiver }) =>
          receiver === 'ON' && plan.absent.some((name) => host === memberOf(group, name).address),
      ),
    );
    if (hearing.length === 0) return;
    if (performance.now() > deadline)
      throw new TaskFailure(
        `not dead, only not reachable from here: ${hearing.map(({ name }) => name).join(' and ')} still hear the primary`,
        'Mend the way to it, or cut its power, then run this again.',
      );
    await sleep(500);
  }
}

/** Stops what still comes in, and plans again with what there is then. Nothing is changed when that is refused. */
async function hold(group: DatabaseGroup, first: Acting, wish: PromotionWish): Promise<Acting> {
  const all = [first.to, ...first.followers];
  await Promise.all(all.map((name) => runSql(group.host(name), group.socket, ['STOP REPLICA IO_THREAD'])));
  const plan = planPromotion(await readMembers(group), { ...wish, to: wish.to });
  if (plan.kind === 'force') return plan;
  await Promise.all(all.map((name) => runSql(group.host(name), group.socket, ['START REPLICA IO_THREAD'])));
  throw plan.kind === 'refused'
    ? new TaskFailure(plan.reason, plan.hint)
    : new TaskFailure('the primary is back', 'Run the same again without --force.');
}

/**
 * Makes every server, the new primary included, name it as its source. From here on the old one finds no majority
 * that follows it, and an interrupted promotion is found again.
 */
async function elect(
  group: DatabaseGroup,
  { to, followers }: Acting,
  servers: ReadonlyMap<string, Answering>,
): Promise<void> {
  await Promise.all([
    ...followers.map((name) => follow(group, servers.get(name)!, to)),
    point(group, servers.get(to)!, to),
  ]);
  if (!group.wish(to).semi_sync || followers.length === 0) return;
  // Without one that acknowledges, the first commits would be acknowledged alone. A replica that needs longer is
  // not waited for: commits are then acknowledged as they are without replicas.
  for (const deadline = Date.now() + 5_000; Date.now() < deadline; await sleep(20))
    if (semiSync((await readAgain(group, to)).server).clients > 0) return;
}

/** The server names that one as its source from now on; its receiver is left as it is when it did before. */
async function point(group: DatabaseGroup, member: Answering, source: string, then: readonly string[] = []) {
  const { address } = memberOf(group, source);
  const there = member.server.channels.length > 0 && replicatesFrom(member, { name: source, address });
  await runSql(group.host(member.name), group.socket, [
    ...(there ? [] : ['STOP REPLICA', changeSource(group.wish(member.name), { address })]),
    ...then,
  ]);
}

async function follow(group: DatabaseGroup, member: Answering, source: string): Promise<void> {
  await point(group, member, source, ['START REPLICA']);
}

/** Ends the writes. @returns all transactions that there are then */
async function close(group: DatabaseGroup, name: string): Promise<string> {
  const { stdout } = await group.host(name).run(closeScript(group.socket, patience), { stdin: '' });
  return formatGtidSet(parseGtidSet(stdout));
}

/** @param plan gives the server its new term; without it the server was the primary before */
async function open(group: DatabaseGroup, { name, server }: Answering, plan?: Acting): Promise<void> {
  const semi = semiSync(server);
  const statements = [
    ...(plan ? ['STOP REPLICA', 'RESET REPLICA ALL'] : []),
    ...(group.wish(name).semi_sync && semi.sourceVariable ? [`SET GLOBAL ${semi.sourceVariable} = ON`] : []),
    ...(plan ? markStatements({ cluster: plan.cluster, term: plan.term, primary: server.uuid }) : []),
  ];
  await group.host(name).run(openScript(group.socket, server.uuid), {
    stdin: statements.map((statement) => `${statement};\n`).join(''),
  });
}

/** Waits for a set that nothing is added to. */
async function waitFor(group: DatabaseGroup, name: string, gtids: string): Promise<void> {
  const wait = `SELECT WAIT_FOR_EXECUTED_GTID_SET(${sqlString(gtids)}, ${urgent})`;
  const { stdout } = await runSql(group.host(name), group.socket, [wait]);
  if (stdout.trim() === '0') return;
  const { server } = await readAgain(group, name);
  const lacking = formatGtidSet(subtractGtids(parseGtidSet(gtids), parseGtidSet(server.executed)));
  throw new TaskFailure(`${name} still lacked ${lacking} after ${urgent} s`);
}

/** Waits until the server has applied the set. Throws a TaskFailure when it makes no progress. */
async function caughtUp(group: DatabaseGroup, name: string, goal: GtidSet, story: Story): Promise<void> {
  let before: bigint | undefined;
  let progress = performance.now();
  for (;;) {
    const { server } = await readAgain(group, name);
    const missing = subtractGtids(goal, parseGtidSet(server.executed));
    const behind = countGtids(missing);
    if (behind === 0n) return;
    const [channel] = server.channels;
    if (channel?.applier === 'OFF')
      throw new TaskFailure(`the applier of ${name} has stopped: ${channel.applierError || 'no error'}`);
    if (behind !== before) progress = performance.now();
    if (before !== undefined && behind !== before) story.say(`${name} is ${behind} transactions behind`);
    before = behind;
    if (performance.now() - progress > calm * 1000)
      throw new TaskFailure(
        `${name} has made no progress for ${calm} s and lacks ${formatGtidSet(missing)}`,
        channel?.receiverError || undefined,
      );
    await sleep(200);
  }
}

function memberOf(group: DatabaseGroup, name: string): DatabaseGroup['members'][number] {
  return group.members.find((member) => member.name === name)!;
}
