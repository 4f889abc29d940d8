import { spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { leader } from '../../src/lab/container.ts';
import { layout } from '../../src/lab/layout.ts';
import { program } from './program.ts';
import type { Lab } from './support.ts';
import type { WriterOrder, Written } from './writer.ts';

const source = `
import { Writer } from './writer.ts';
process.once('disconnect', () => process.exit(1));
process.once('message', async (order) => {
  const writer = new Writer(order);
  await writer.start();
  process.send('writing');
  process.once('message', async () => process.send(await writer.stop(), () => process.exit(0)));
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
  const pid = await leader(layout(lab.plan), from);
  if (pid === undefined) throw new Error(`${from} does not run`);
  const script = await program('load', source);
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
  const child = spawn('nsenter', [`--net=/proc/${pid}/ns/net`, '--', process.execPath, script], {
    stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
  });
  const next = async (): Promise<unknown> => {
    const ended = once(child, 'exit').then(([code]) => {
      throw new Error(`the writer has ended with ${code}`);
    });
    ended.catch(() => undefined);
    return ((await Promise.race([once(child, 'message'), ended])) as unknown[])[0];
  };
  child.send(order);
  await next();
  return {
    /** Ends the writing and gives what was seen. */
    stop: async () => {
      const told = next();
      child.send('stop');
      return judged(lab, order, (await told) as Written);
    },
    kill: () => void child.kill('SIGKILL'),
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
    /** The first acknowledgement after a time. */
    firstAfter: (time: number) => acknowledged.find(({ at }) => at > time)?.at,
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
