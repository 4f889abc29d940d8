import { randomBytes } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { startInside } from './inside.ts';
import type { Lab } from './support.ts';
import type { WriterOrder, Written } from './writer.ts';

const source = `
import { Writer } from './writer.ts';
let writer;
process.once('disconnect', () => process.exit(1));
process.on('message', async (message) => {
  if (message === 'counts') process.send(writer.counts);
  else if (message === 'stop') process.send(await writer.stop(), () => process.exit(0));
  else {
    writer = new Writer(message);
    await writer.start();
    process.send('writing');
  }
});
`;

export interface LoadOptions {
  /** The host from whose network it writes. It must live on; the firewall must let it reach the database. */
  readonly from: string;
  readonly servers?: readonly string[];
  /** Rows a second. */
  readonly rate?: number;
  /** Milliseconds after which a write without an answer counts as refused. */
  readonly patience?: number;
}

/**
 * Writes rows as the site's application would (its account, verified TLS, to whichever server takes writes), from a
 * process of its own in a host's network. Every row is one transaction, and is tried once.
 */
export async function startLoad(
  lab: Lab,
  { from, servers = ['server1', 'server2', 'server3'], rate = 500, patience = 4000 }: LoadOptions,
) {
  const child = await startInside(lab, from, 'load', source);
  const kept = (...path: string[]) => readFileSync(join(lab.state, ...path), 'utf8').trim();
  const order: WriterOrder = {
    servers: servers.map((name) => ({ name, address: lab.address(name) })),
    port: 3306,
    user: 'site',
    password: kept('passwords', 'mysql_app'),
    database: 'site',
    ca: kept('authorities', 'mysql', 'ca.pem'),
    run: randomBytes(4).toString('hex'),
    rate,
    patience,
  };
  await child.ask(order);
  return {
    /** Resolves once that many more rows have been acknowledged, by a certain server if one is given. */
    acknowledges: async (more: number, by?: string): Promise<void> => {
      const count = async () => {
        const counts = (await child.ask('counts')) as Record<string, number>;
        return by === undefined
          ? Object.values(counts).reduce((sum, each) => sum + each, 0)
          : (counts[by] ?? 0);
      };
      for (const enough = (await count()) + more; (await count()) < enough; ) await sleep(100);
    },
    /** Ends the writing and gives what was seen. */
    stop: async () => judged(lab, order, (await child.ask('stop')) as Written),
  };
}

function judged(lab: Lab, { run }: WriterOrder, written: Written) {
  const { acknowledged, refused } = written;
  const pauses = acknowledged
    .slice(1)
    .map(({ at }, index) => ({ from: acknowledged[index]!.at, milliseconds: at - acknowledged[index]!.at }));
  const seconds = acknowledged.length > 1 ? (acknowledged.at(-1)!.at - acknowledged[0]!.at) / 1000 : 0;
  return {
    ...written,
    /** Acknowledged rows a second, over the whole time. */
    rate: acknowledged.length / Math.max(seconds, 0.001),
    seconds,
    longestPause: pauses.reduce(
      (longest, each) => (each.milliseconds > longest.milliseconds ? each : longest),
      {
        from: 0,
        milliseconds: 0,
      },
    ),
    /** When a server acknowledged its first row. */
    firstBy: (host: string) => acknowledged.find(({ server }) => server === host)?.at,
    /** Rows that were acknowledged and that a server does not have. */
    missingOn: async (host: string): Promise<number[]> => {
      const there = await lab.ask(host, `mysql -NB site -e "SELECT id FROM load_rows WHERE run = '${run}'"`);
      const ids = new Set(there.split('\n').map(Number));
      return acknowledged.flatMap(({ id }) => (ids.has(id) ? [] : [id]));
    },
    /** Takes the rows of all writers away, through the server that takes writes. */
    remove: (primary: string) => lab.ask(primary, "mysql site -e 'DROP TABLE IF EXISTS load_rows'"),
    refusedTexts: [...new Set(refused.map(({ server, message }) => `${server}: ${message}`))],
  };
}
