import { setTimeout as sleep } from 'node:timers/promises';
import { TaskFailure } from '../errors.ts';
import { runSql } from '../host/sql.ts';
import { replicatesFrom } from '../mysql/cluster.ts';
import { countGtids, formatGtidSet, type GtidSet, parseGtidSet, subtractGtids } from '../mysql/gtid.ts';
import { sqlString } from '../mysql/literal.ts';
import { semiSync } from '../mysql/semisync.ts';
import { type DatabaseGroup, readAgain, readMembers } from './group.ts';
import type { Story } from './story.ts';

/** Seconds without progress after which a candidate that catches up is given up. */
const calm = 60;
/** Seconds in which it must have the last transactions, while nobody can write. */
const urgent = 10;
/** Seconds in which a replica must have found its new source; it tries again every `connect_retry` seconds. */
const settling = 30;

/** Waits for a set that nothing is added to. Throws a TaskFailure when it takes too long. */
export async function waitFor(group: DatabaseGroup, name: string, gtids: string): Promise<void> {
  const wait = `SELECT WAIT_FOR_EXECUTED_GTID_SET(${sqlString(gtids)}, ${urgent})`;
  const { stdout } = await runSql(group.host(name), group.socket, [wait]);
  if (stdout.trim() === '0') return;
  const { server } = await readAgain(group, name);
  const lacking = formatGtidSet(subtractGtids(parseGtidSet(gtids), parseGtidSet(server.executed)));
  throw new TaskFailure(`${name} still lacked ${lacking} after ${urgent} s`);
}

/** Waits until the server has applied the set. Throws a TaskFailure when it makes no progress. */
export async function caughtUp(
  group: DatabaseGroup,
  name: string,
  goal: GtidSet,
  story: Story,
): Promise<void> {
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

/**
 * Waits until the followers receive and apply what the source writes, and one of them acknowledges it. A follower that
 * does not, or answers no more, is no failure here: whoever looks at the database then finds it.
 */
export async function replicating(
  group: DatabaseGroup,
  followers: readonly string[],
  source: string,
): Promise<void> {
  const { address } = group.members.find(({ name }) => name === source)!;
  for (const deadline = performance.now() + settling * 1000; performance.now() < deadline; await sleep(200)) {
    const members = await readMembers(group);
    const waiting = members.filter(
      (member) =>
        followers.includes(member.name) &&
        member.server &&
        !(
          replicatesFrom(member, { name: source, address }) &&
          member.server.channels.every(({ receiver, applier }) => receiver === 'ON' && applier === 'ON')
        ),
    );
    const primary = members.find(({ name }) => name === source)?.server;
    const { sourceActive, clients } = primary ? semiSync(primary) : { sourceActive: true, clients: 1 };
    const acknowledged = !group.wish(source).semi_sync || (sourceActive && clients > 0);
    if (waiting.length === 0 && acknowledged) return;
  }
}
