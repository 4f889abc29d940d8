import { TaskFailure } from '../errors.ts';
import type { HostReader } from '../host/contract.ts';
import { mysqlClient } from '../host/queries/mysql.ts';
import { sh } from '../host/sh.ts';
import { containsGtids, formatGtidSet, type GtidSet, parseGtidSet } from '../mysql/gtid.ts';
import { sqlString } from '../mysql/literal.ts';
import { openSession, type Session } from './session.ts';

/** A server of which a snapshot is wanted. */
export interface Side {
  readonly host: HostReader;
  readonly socket: string;
  /** It has no applier to be stopped: its writes are held back for the moment of the snapshot. */
  readonly isPrimary: boolean;
}

/** Two sessions that see the data of their servers as these were with the same transactions. */
export interface Snapshots {
  readonly gtids: string;
  readonly sessions: readonly [replica: Session, reference: Session];
  close(): Promise<void>;
}

/** Seconds that a server may take to apply what the other one has. */
const levelPatience = 60;
const tries = 5;

const executedSql = "SELECT REPLACE(@@global.gtid_executed, '\\n', '')";
const longSql = `SELECT COUNT(*) FROM performance_schema.processlist
  WHERE COMMAND IN ('Query', 'Execute') AND TIME > 1 AND ID <> CONNECTION_ID() AND USER NOT IN ('system user', 'event_scheduler')`;
const snapshotSql = 'START TRANSACTION WITH CONSISTENT SNAPSHOT, READ ONLY';

/**
 * Takes snapshots of a replica and a reference with the same GTID set, while writes go on: the appliers of both are
 * stopped, levelled and started again, which takes a moment; a primary is asked to hold its writes for one. The
 * sessions then read what they read however long it takes. Appliers are started again by the host itself, also
 * when this process dies in between.
 */
export async function takeSnapshots(replica: Side, reference: Side): Promise<Snapshots> {
  const sides = [replica, reference] as const;
  const open: Session[] = [];
  const session = async (side: Side, control: boolean): Promise<Session> => {
    const options = [...mysqlClient, `--socket=${side.socket}`];
    const start = sh`mysql ${options} -e ${'START REPLICA SQL_THREAD'}`;
    const opened = await openSession(side.host, side.socket, control && !side.isPrimary ? start : undefined);
    open.push(opened);
    return opened;
  };
  const close = async () => {
    await Promise.all(open.map((each) => each.close()));
  };
  try {
    const sessions = (await Promise.all(sides.map((side) => session(side, false)))) as [Session, Session];
    const controls = (await Promise.all(sides.map((side) => session(side, true)))) as [Session, Session];
    for (const each of sessions)
      await each.run('SET SESSION transaction_isolation = "REPEATABLE-READ", max_execution_time = 0');
    for (let tried = 1; ; tried++) {
      const gtids = await levelled(controls, sessions, reference);
      if (gtids !== undefined) {
        // Their end starts the appliers, which run already: not in an hour, when somebody may have stopped them.
        await Promise.all(controls.map((each) => each.close()));
        return { gtids, sessions, close };
      }
      if (tried === tries)
        throw new TaskFailure(
          `${replica.host.name} and ${reference.host.name} could not be brought to the same transactions`,
          'See whether both replicate: foobar verify.',
        );
    }
  } catch (error) {
    await close();
    throw error;
  }
}

/** Both snapshots with the set that they have in common; undefined when another try is worth it. */
async function levelled(
  [control, referenceControl]: readonly [Session, Session],
  [snapshot, referenceSnapshot]: readonly [Session, Session],
  reference: Side,
): Promise<string | undefined> {
  for (const each of [snapshot, referenceSnapshot]) await each.run('COMMIT');
  try {
    await control.run('STOP REPLICA SQL_THREAD');
    const has = await executed(control);
    const wanted = reference.isPrimary
      ? await ofPrimary(referenceControl, referenceSnapshot)
      : await ofReplica(referenceControl, referenceSnapshot, has);
    await applyUntil(control, wanted);
    if (formatGtidSet(await executed(control)) !== formatGtidSet(wanted)) return undefined;
    await snapshot.run(snapshotSql);
    return formatGtidSet(wanted);
  } finally {
    await control.run('START REPLICA SQL_THREAD');
  }
}

async function ofReplica(control: Session, snapshot: Session, least: GtidSet): Promise<GtidSet> {
  try {
    await control.run('STOP REPLICA SQL_THREAD');
    await applyUntil(control, least);
    await snapshot.run(snapshotSql);
    return await executed(control);
  } finally {
    await control.run('START REPLICA SQL_THREAD');
  }
}

/** Waits for a moment between commits, bounded, so that writes are held back for no longer than they may wait. */
async function ofPrimary(control: Session, snapshot: Session): Promise<GtidSet> {
  // A statement that runs long would hold up all that want its tables, also after our wait has ended.
  const [long] = await control.run(longSql);
  if (long !== '0')
    throw new TaskFailure(
      `${long} statements run long on the primary: none of its rows can be held`,
      'Run it again when they have ended.',
    );
  // The server lets go by itself when nobody speaks any more.
  await control.run('SET SESSION lock_wait_timeout = 2, wait_timeout = 5');
  await control.run('FLUSH TABLES WITH READ LOCK');
  try {
    await snapshot.run(snapshotSql);
    return await executed(control);
  } finally {
    await control.run('UNLOCK TABLES');
    await control.run('SET SESSION wait_timeout = DEFAULT');
  }
}

/** Lets a stopped applier go on to exactly this set. */
async function applyUntil(control: Session, wanted: GtidSet): Promise<void> {
  if (containsGtids(await executed(control), wanted)) return;
  const set = sqlString(formatGtidSet(wanted));
  await control.run(`START REPLICA SQL_THREAD UNTIL SQL_AFTER_GTIDS = ${set}`);
  await control.run(`SELECT WAIT_FOR_EXECUTED_GTID_SET(${set}, ${levelPatience})`);
  await control.run('STOP REPLICA SQL_THREAD');
}

async function executed(session: Session): Promise<GtidSet> {
  return parseGtidSet((await session.run(executedSql)).join(''));
}
