import { setTimeout as sleep } from 'node:timers/promises';
import { runSql } from '../host/sql.ts';
import { closeScript, openScript } from '../host/writable.ts';
import { changeSource } from '../mysql/channel.ts';
import { replicatesFrom } from '../mysql/cluster.ts';
import { formatGtidSet, parseGtidSet } from '../mysql/gtid.ts';
import { markStatements } from '../mysql/mark.ts';
import type { Promotion } from '../mysql/promotion.ts';
import { semiSync } from '../mysql/semisync.ts';
import { type Answering, type DatabaseGroup, readAgain } from './group.ts';

/** A plan by which another server becomes the primary. */
export type Acting = Extract<Promotion, { kind: 'switch' | 'force' }>;

/** Seconds for which transactions that are open may delay a planned switch; then they are ended. */
const patience = 2;

export function memberOf(group: DatabaseGroup, name: string): DatabaseGroup['members'][number] {
  return group.members.find((member) => member.name === name)!;
}

/**
 * Makes every server, the new primary included, name it as its source. From here on the old one finds no majority
 * that follows it, and an interrupted promotion is found again.
 */
export async function elect(
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

/** The server replicates from that one from now on. */
export async function follow(group: DatabaseGroup, member: Answering, source: string): Promise<void> {
  await point(group, member, source, ['START REPLICA']);
}

/** Ends the writes. @returns all transactions that there are then */
export async function close(group: DatabaseGroup, name: string): Promise<string> {
  const { stdout } = await group.host(name).run(closeScript(group.socket, patience), { stdin: '' });
  return formatGtidSet(parseGtidSet(stdout));
}

/**
 * Lets the server take writes.
 * @param plan gives it its new term; without it the server was the primary before
 */
export async function open(group: DatabaseGroup, { name, server }: Answering, plan?: Acting): Promise<void> {
  const semi = semiSync(server);
  const statements = [
    'STOP REPLICA',
    'RESET REPLICA ALL',
    ...(group.wish(name).semi_sync && semi.sourceVariable ? [`SET GLOBAL ${semi.sourceVariable} = ON`] : []),
    ...(plan ? markStatements({ cluster: plan.cluster, term: plan.term, primary: server.uuid }) : []),
  ];
  await group.host(name).run(openScript(group.socket, server.uuid), {
    stdin: statements.map((statement) => `${statement};\n`).join(''),
  });
}
