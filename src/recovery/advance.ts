import { setTimeout as sleep } from 'node:timers/promises';
import { TaskFailure } from '../errors.ts';
import { runSql } from '../host/sql.ts';
import { countGtids, formatGtidSet, type GtidSet, parseGtidSet, subtractGtids } from '../mysql/gtid.ts';
import { sqlString } from '../mysql/literal.ts';
import { type DatabaseGroup, readAgain } from './group.ts';
import type { Story } from './story.ts';

/** Seconds without progress after which a candidate that catches up is given up. */
const calm = 60;
/** Seconds in which it must have the last transactions, while nobody can write. */
const urgent = 10;

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
