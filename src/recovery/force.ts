import { setTimeout as sleep } from 'node:timers/promises';
import { TaskFailure } from '../errors.ts';
import { runSql } from '../host/sql.ts';
import { type Member, replicatesFrom, transactionsOf } from '../mysql/cluster.ts';
import { type Promotion, type PromotionWish, planPromotion, type Refusal } from '../mysql/promotion.ts';
import { caughtUp } from './advance.ts';
import { Absent, fence } from './fence.ts';
import { type Answering, type DatabaseGroup, readAgain, readMembers } from './group.ts';
import { type Acting, elect, memberOf, open } from './roles.ts';
import type { Story } from './story.ts';

/** What may be done. Hosts that are lost and hold no database are no part of it. */
export function planFor(
  group: DatabaseGroup,
  members: readonly Member[],
  wish: PromotionWish,
): Promotion | Refusal {
  const lost = wish.lost.filter((name) => group.members.some((member) => member.name === name));
  return planPromotion(members, { ...wish, lost });
}

/** Makes a survivor the primary, the old one being gone. Until the vote a failure leaves everything as it was. */
export async function takeOver(
  group: DatabaseGroup,
  first: Acting,
  wish: PromotionWish,
  story: Story,
): Promise<{ readonly primary: string }> {
  const survivors = [first.to, ...first.followers];
  const old = first.from ?? 'the old primary';
  const missing = [...first.absent, ...wish.lost];
  const stopped = (await readMembers(group))
    .filter((member) => missing.includes(member.name) && member.stopped)
    .map(({ name }) => name);
  const absent = new Absent(
    group,
    first.absent.filter((name) => !stopped.includes(name)),
    wish.lost,
  );
  const { plan, servers } = await lettingReceive(group, survivors, async () => {
    await story.phase(`${old} is gone: no host reaches it`, () =>
      seenGone(group, survivors, stopped, absent),
    );
    for (const name of stopped)
      await story.phase(`MySQL of ${name}, which does not answer, ends for good`, () => fence(group, name));
    const plan = await story.phase('no replica takes more from it', () => hold(group, survivors, wish));
    const { to } = plan;
    await story.phase(`${to} applies what it has received`, async () => {
      const candidate = await readAgain(group, to);
      if (candidate.server.channels.length > 0)
        await runSql(group.host(to), group.socket, ['START REPLICA SQL_THREAD']);
      await caughtUp(group, to, transactionsOf(candidate), story);
    });
    return { plan, servers: await readEach(group, [to, ...plan.followers]) };
  });
  const { to } = plan;
  await story.phase(`the others follow ${to}`, () => elect(group, plan, servers));
  await leaseEnds(group, old, absent, story);
  await story.phase(`${to} takes writes`, () => open(group, servers.get(to)!, plan));
  return { primary: to };
}

/** Opens the one server that is left, which was the primary before. */
export async function reopen(
  group: DatabaseGroup,
  name: string,
  wish: PromotionWish,
  story: Story,
): Promise<void> {
  const absent = new Absent(group, [], wish.lost);
  const lost = group.members.filter((member) => wish.lost.includes(member.name)).map((member) => member.name);
  if (lost.length > 0) await leaseEnds(group, lost.join(' and '), absent, story);
  await story.phase(`${name} takes writes again`, async () => open(group, await readAgain(group, name)));
}

/**
 * Waits until a primary among the absent must have made itself read-only. Counted from now: before the vote it might
 * have been opened by its guard after a restart.
 */
function leaseEnds(group: DatabaseGroup, old: string, absent: Absent, story: Story): Promise<void> {
  return story.phase(`${old} must have made itself read-only (lease of ${group.lease} s)`, async () => {
    const began = performance.now();
    for (;;) {
      await absent.look();
      const left = absent.wait - (performance.now() - began) / 1000;
      if (left <= 0) return;
      await sleep(Math.min(left, 1) * 1000);
    }
  });
}

/** Waits until the survivors' receivers have noticed what every host says: nobody reaches it. */
async function seenGone(
  group: DatabaseGroup,
  survivors: readonly string[],
  stopped: readonly string[],
  absent: Absent,
): Promise<void> {
  // Whom they may hear: each other, after an interrupted promotion; and one whose MySQL is ended next.
  const known = [...survivors, ...stopped].map((name) => memberOf(group, name));
  const deadline = performance.now() + 30_000;
  for (;;) {
    await absent.look();
    const servers = await readEach(group, survivors);
    const hearing = [...servers.values()].filter(({ server }) =>
      server.channels.some(
        ({ host, receiver }) =>
          receiver === 'ON' && !known.some(({ name, address }) => host === address || host === name),
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

/** Stops what still comes in, and plans again with what there is then. */
async function hold(
  group: DatabaseGroup,
  survivors: readonly string[],
  wish: PromotionWish,
): Promise<Acting> {
  await Promise.all(
    survivors.map((name) => runSql(group.host(name), group.socket, ['STOP REPLICA IO_THREAD'])),
  );
  const plan = planFor(group, await readMembers(group), wish);
  if (plan.kind === 'force') return plan;
  throw plan.kind === 'refused'
    ? new TaskFailure(plan.reason, plan.hint)
    : new TaskFailure('the primary is back', 'Run the same again without --force.');
}

/** When the work fails, the survivors receive again: also those that an earlier run has left stopped. */
async function lettingReceive<T>(
  group: DatabaseGroup,
  survivors: readonly string[],
  work: () => Promise<T>,
): Promise<T> {
  try {
    return await work();
  } catch (error) {
    // What is told is why it failed; a survivor that has left too is seen by the next run.
    await Promise.allSettled(
      survivors.map(async (name) => {
        const member = await readAgain(group, name);
        if (member.server.channels.length > 0 && !replicatesFrom(member, member))
          await runSql(group.host(name), group.socket, ['START REPLICA IO_THREAD']);
      }),
    );
    throw error;
  }
}

async function readEach(
  group: DatabaseGroup,
  names: readonly string[],
): Promise<ReadonlyMap<string, Answering>> {
  return new Map(await Promise.all(names.map(async (name) => [name, await readAgain(group, name)] as const)));
}
