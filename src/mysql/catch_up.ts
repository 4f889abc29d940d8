import { setTimeout as sleep } from 'node:timers/promises';
import { TaskFailure } from '../errors.ts';
import type { ServerStatus } from '../host/queries/mysql_server.ts';
import { countGtids, parseGtidSet, subtractGtids } from './gtid.ts';

export interface CatchUp {
  readonly name: string;
  /** GTID set that the replica is to have. */
  readonly target: string;
  read(): Promise<ServerStatus>;
  /** What else must hold once it has everything. */
  ready(server: ServerStatus): boolean;
  say(line: string): void;
  /** Seconds without progress after which it is given up. */
  readonly patience: number;
  /** Seconds between two looks. Default 0.5. */
  readonly interval?: number;
}

/** Seconds for which a receiver may fail to connect: the primary may be about to take connections. */
const connectPatience = 20;

/**
 * Waits until a started replica has every transaction of the target and both its threads run. Throws a TaskFailure
 * with the server's own words as soon as a thread has stopped for good.
 */
export async function catchUp({
  name,
  target,
  read,
  ready,
  say,
  patience,
  interval = 0.5,
}: CatchUp): Promise<void> {
  const goal = parseGtidSet(target);
  let before: bigint | undefined;
  let progress = Date.now();
  for (;;) {
    const server = await read();
    const channel = server.channels[0];
    if (!channel) throw new TaskFailure(`${name} has lost its replication source`);
    const behind = countGtids(subtractGtids(goal, parseGtidSet(server.executed)));
    if (behind === 0n && channel.receiver === 'ON' && channel.applier === 'ON' && ready(server)) return;
    if (channel.applier === 'OFF' && channel.applierError !== '')
      throw new TaskFailure(`the applier of ${name} has stopped: ${channel.applierError}`);
    if (channel.receiver === 'OFF' && channel.receiverError !== '')
      throw new TaskFailure(`the receiver of ${name} has stopped: ${channel.receiverError}`);
    if (behind !== before) progress = Date.now();
    if (before !== undefined && behind > 0n && behind !== before)
      say(`${name} is ${behind} transactions behind`);
    before = behind;
    const waited = (Date.now() - progress) / 1000;
    const failing = channel.receiver === 'CONNECTING' && channel.receiverError !== '';
    if (waited >= patience || (failing && waited >= connectPatience))
      throw new TaskFailure(
        failing
          ? `${name} cannot connect to its source: ${channel.receiverError}`
          : `${name} has made no progress for ${Math.round(waited)} s: receiver ${channel.receiver}, applier ${channel.applier}, ${behind} transactions behind`,
      );
    await sleep(interval * 1000);
  }
}
