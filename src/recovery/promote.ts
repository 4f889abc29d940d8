import { CommandError, TaskFailure } from '../errors.ts';
import { type Member, replicatesFrom, transactionsOf } from '../mysql/cluster.ts';
import type { Promotion, PromotionWish } from '../mysql/promotion.ts';
import { caughtUp, replicating, waitFor } from './advance.ts';
import { planFor, reopen, takeOver } from './force.ts';
import { type Answering, type DatabaseGroup, readAgain, readMembers } from './group.ts';
import { type Acting, close, elect, follow, memberOf, open } from './roles.ts';
import type { Story } from './story.ts';

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
  const promotion = planFor(group, members, wish);
  if (promotion.kind === 'refused') throw new TaskFailure(promotion.reason, promotion.hint);
  return { members, promotion };
}

/**
 * Makes another server the primary, and waits until the others replicate from it. Each step can be told from the
 * servers' own state, so whatever ends this, the same command goes on from there.
 */
export async function promote(
  group: DatabaseGroup,
  promotion: Promotion,
  wish: PromotionWish,
  story: Story,
): Promise<Promoted> {
  const done = await changeRoles(group, promotion, wish, story);
  const { followers } = promotion;
  if (followers.length > 0)
    await story.phase(`${followers.join(' and ')} ${followers.length > 1 ? 'replicate' : 'replicates'}`, () =>
      replicating(group, followers, done.primary),
    );
  return done;
}

async function changeRoles(
  group: DatabaseGroup,
  promotion: Promotion,
  wish: PromotionWish,
  story: Story,
): Promise<Promoted> {
  if (promotion.kind === 'settled') {
    const { to, followers, opens } = promotion;
    for (const name of followers)
      await story.phase(`make ${name} follow ${to}`, async () =>
        follow(group, await readAgain(group, name), to),
      );
    if (opens) await reopen(group, to, wish, story);
    return { primary: to };
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
  try {
    const last = await story.phase(`${from} takes no more writes`, () => close(group, from));
    await story.phase(`${to} has everything that ${from} has`, () => waitFor(group, to, last));
    await story.phase(`the others follow ${to}`, () => elect(group, plan, servers));
  } catch (error) {
    return await goBack(group, plan, servers.get(from)!, error, story);
  }
  await story.phase(`${to} takes writes`, () => open(group, servers.get(to)!, plan));
  return { primary: to, writePause: (performance.now() - began) / 1000 };
}

/** The old primary is the primary as before: nobody else can have been opened yet. Throws what went wrong. */
async function goBack(
  group: DatabaseGroup,
  { to, followers }: Acting,
  from: Answering,
  error: unknown,
  story: Story,
): Promise<never> {
  const others = [to, ...followers].filter((name) => name !== from.name);
  const said = error instanceof TaskFailure || error instanceof CommandError;
  const hint = error instanceof TaskFailure ? error.hint : undefined;
  try {
    await story.phase(`${from.name} takes writes again`, async () => {
      // One that follows another would make the guard close it; one that cannot be told so must not hinder it.
      const told = await Promise.allSettled(
        others.map(async (name) => follow(group, await readAgain(group, name), from.name)),
      );
      await open(group, from);
      const untold = others.filter((_name, index) => told[index]!.status === 'rejected');
      if (untold.length > 0) story.say(`${untold.join(' and ')} could not be made to follow it again`);
    });
  } catch (failure) {
    if (!said) throw error;
    throw new TaskFailure(
      `${error.message}; and ${from.name} could not be opened again: ${(failure as Error).message}`,
      `Run it again, or make ${from.name} the primary as before: foobar promote ${from.name}.`,
    );
  }
  if (!said) throw error;
  throw new TaskFailure(`${error.message}; ${from.name} is the primary as before`, hint);
}
