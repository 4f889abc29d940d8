import { setTimeout as sleep } from 'node:timers/promises';
import { TaskFailure } from '../errors.ts';
import { runSql } from '../host/sql.ts';
import { closeScript, openScript } from '../host/writable.ts';
import { changeSource } from '../mysql/channel.ts';
import { type Member, replicatesFrom, transactionsOf } from '../mysql/cluster.ts';
import { countGtids, formatGtidSet, type GtidSet, parseGtidSet, subtractGtids } from '../mysql/gtid.ts';
import { markStatements } from '../mysql/mark.ts';
import { type Promotion, type PromotionWish, planPromotion } from '../mysql/promotion.ts';
import { semiSync } from '../mysql/semisync.ts';
import { Absent, fence } from './fence.ts';
import { type DatabaseGroup, readAgain, readMembers } from './group.ts';
import type { Story } from './story.ts';

type Acting = Extract<Promotion, { kind: 'switch' | 'force' }>;

/** Seconds for which transactions that are open may delay a planned switch; then they are ended. */
const patience = 2;
/** Seconds without progress after which a candidate that catches up is given up: before, and while nobody writes. */
const calm = 60;
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
      await story.phase(`make ${name} follow ${promotion.to}`, () => follow(group, name, promotion.to));
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
    if (!replicatesFrom(candidate, { name: from, address })) await follow(group, to, from);
    await caughtUp(group, to, transactionsOf(await readAgain(group, from)), calm, story);
  });
  const began = performance.now();
  await story.phase(`${from} takes no more writes`, () => close(group, from));
  try {
    await story.phase(`${to} has everything that ${from} has`, async () =>
      caughtUp(group, to, transactionsOf(await readAgain(group, from)), urgent, story),
    );
  } catch (error) {
    if (!(error instanceof TaskFailure)) throw error;
    await story.phase(`${from} takes writes again`, () => open(group, from, plan, false));
    throw new TaskFailure(`${error.message}; ${from} is the primary as before`, error.hint);
  }
  await story.phase(`the others follow ${to}`, () => elect(group, plan));
  await story.phase(`${to} takes writes`, () => open(group, to, plan, true));
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
    await runSql(group.host(to), group.socket, ['START REPLICA SQL_THREAD']);
    await caughtUp(group, to, transactionsOf(await readAgain(group, to)), calm * 10, story);
  });
  await story.phase(`the others follow ${to}`, () => elect(group, plan));
  await story.phase(`${old} must have made itself read-only (lease of ${group.lease} s)`, async () => {
    for (;;) {
      await absent.look();
      const left = absent.left();
      if (left === 0) return;
      await sleep(Math.min(left, 1) * 1000);
    }
  });
  await story.phase(`${to} takes writes`, () => open(group, to, plan, true));
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
async function elect(group: DatabaseGroup, { to, followers }: Acting): Promise<void> {
  const { address } = memberOf(group, to);
  const candidate = await readAgain(group, to);
  if (candidate.server.channels.length > 0 && !replicatesFrom(candidate, { name: to, address }))
    await runSql(group.host(to), group.socket, ['STOP REPLICA', changeSource(group.wish(to), { address })]);
  await Promise.all(followers.map((name) => follow(group, name, to)));
  if (!group.wish(to).semi_sync || followers.length === 0) return;
  // Without one that acknowledges, the first commits would be acknowledged alone. A replica that needs longer is
  // not waited for: commits are then acknowledged as they are without replicas.
  for (const deadline = Date.now() + 5_000; Date.now() < deadline; await sleep(50))
    if (semiSync((await readAgain(group, to)).server).clients > 0) return;
}

async function follow(group: DatabaseGroup, name: string, source: string): Promise<void> {
  const { address } = memberOf(group, source);
  const member = await readAgain(group, name);
  const [channel] = member.server.channels;
  const there = channel !== undefined && replicatesFrom(member, { name: source, address });
  await runSql(group.host(name), group.socket, [
    ...(there ? [] : ['STOP REPLICA', changeSource(group.wish(name), { address })]),
    'START REPLICA',
  ]);
}

async function close(group: DatabaseGroup, name: string): Promise<void> {
  await group.host(name).run(closeScript(group.socket, patience), { stdin: '' });
}

/** @param newTerm whether it has not been the primary before */
async function open(group: DatabaseGroup, name: string, plan: Acting, newTerm: boolean): Promise<void> {
  const { server } = await readAgain(group, name);
  const semi = semiSync(server);
  const statements = [
    ...(server.channels.length > 0 ? ['STOP REPLICA', 'RESET REPLICA ALL'] : []),
    ...(group.wish(name).semi_sync && semi.sourceVariable ? [`SET GLOBAL ${semi.sourceVariable} = ON`] : []),
    ...(newTerm ? markStatements({ cluster: plan.cluster, term: plan.term, primary: server.uuid }) : []),
  ];
  await group.host(name).run(openScript(group.socket, server.uuid), {
    stdin: statements.map((statement) => `${statement};\n`).join(''),
  });
}

/** Waits until the server has applied the set. Throws a TaskFailure when it makes no progress. */
async function caughtUp(
  group: DatabaseGroup,
  name: string,
  goal: GtidSet,
  seconds: number,
  story: Story,
): Promise<void> {
  let before: bigint | undefined;
  let deadline = performance.now() + seconds * 1000;
  for (;;) {
    const { server } = await readAgain(group, name);
    const missing = subtractGtids(goal, parseGtidSet(server.executed));
    const behind = countGtids(missing);
    if (behind === 0n) return;
    const [channel] = server.channels;
    if (channel?.applier === 'OFF')
      throw new TaskFailure(`the applier of ${name} has stopped: ${channel.applierError || 'no error'}`);
    if (behind !== before) deadline = performance.now() + seconds * 1000;
    if (before !== undefined && behind !== before) story.say(`${name} is ${behind} transactions behind`);
    before = behind;
    if (performance.now() > deadline)
      throw new TaskFailure(
        `${name} has made no progress for ${seconds} s and lacks ${formatGtidSet(missing)}`,
        channel?.receiverError || undefined,
      );
    await sleep(20);
  }
}

function memberOf(group: DatabaseGroup, name: string): DatabaseGroup['members'][number] {
  return group.members.find((member) => member.name === name)!;
}
