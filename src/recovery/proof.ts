import { setTimeout as sleep } from 'node:timers/promises';
import { TaskFailure } from '../errors.ts';
import type { HostReader } from '../host/contract.ts';
import { rereadHaproxy } from '../host/queries/haproxy.ts';
import { catchUp } from '../mysql/catch_up.ts';
import { semiSync } from '../mysql/semisync.ts';
import { type Comparison, compareRows } from './checksum.ts';
import { type DatabaseGroup, readAgain } from './group.ts';
import type { DatabasePlan } from './rebuild.ts';

/** Seconds without progress after which a replica that catches up is given up. */
const patience = 120;

/**
 * Proves that a replica is as good as the others: it has every transaction that the primary had when it was asked,
 * acknowledges new ones, and all its rows are those of the reference. Throws a TaskFailure that says what is missing.
 */
export async function proveReplica(
  group: DatabaseGroup,
  target: string,
  { primary, reference }: DatabasePlan,
  say: (line: string) => void,
): Promise<Comparison> {
  const from = await readAgain(group, primary);
  const wish = group.wish(target);
  await catchUp({
    name: target,
    target: from.server.executed,
    read: async () => (await readAgain(group, target)).server,
    ready: (server) => !wish.semi_sync || semiSync(server).replicaActive,
    say,
    patience,
  });
  const side = (name: string) => ({
    host: group.host(name),
    socket: group.socket,
    isPrimary: name === primary,
  });
  const found = await compareRows(side(target), side(reference), say);
  if (found.differences.length > 0)
    throw new TaskFailure(
      `${target} has other rows than ${reference} after the same transactions: ${found.differences.slice(0, 5).join('; ')}`,
      `One of the two is damaged. Compare both with ${primary}, and rebuild the one that differs.`,
    );
  if (found.uncompared.length > 0)
    say(`not compared, since CLONE copies tables of InnoDB only: ${found.uncompared.join(', ')}`);
  const semi = semiSync((await readAgain(group, primary)).server);
  if (wish.semi_sync && !(semi.sourceActive && semi.clients > 0))
    throw new TaskFailure(
      `${primary} does not wait for its replicas: semi-sync is ${semi.sourceActive ? 'active' : 'not active'}, ${semi.clients} acknowledge`,
      'See its error log, and foobar verify.',
    );
  return found;
}

/** Waits until a balancer has found a web server healthy by its own checks, and sends visitors there. */
export async function untilInService(
  balancer: HostReader,
  socket: string,
  server: string,
  seconds: number,
): Promise<void> {
  const end = Date.now() + seconds * 1000;
  for (;;) {
    const found = (await rereadHaproxy(balancer, socket)).servers.get(server) ?? [];
    const out = found.filter(({ status }) => status !== 'UP');
    if (found.length > 0 && out.length === 0) return;
    if (Date.now() > end)
      throw new TaskFailure(
        found.length === 0
          ? `${balancer.name} has no server ${server}`
          : `${balancer.name} finds ${server} ${out.map(({ backend, status }) => `${status} in ${backend}`).join(', ')} after ${seconds} s`,
        'Its checks ask the application for its health, through Nginx and over TLS: see journalctl on the server.',
      );
    await sleep(500);
  }
}
