import { setTimeout as sleep } from 'node:timers/promises';
import { readConfig } from './config.ts';
import { Database } from './database.ts';
import { log, reason } from './log.ts';
import { closeSite, createSite } from './server.ts';
import { Visits } from './visits.ts';

/** How long running requests may take to finish after SIGTERM; the unit's TimeoutStopSec is longer. */
const patience = 10_000;

async function main(): Promise<void> {
  const config = readConfig(process.argv[2]);
  const database = new Database(config.database);
  const server = createSite({
    server: config.server,
    database,
    visits: new Visits(database, config.server),
  });
  const watching = database.watch();
  await database.look();

  // sd_listen_fds(3): with socket activation the listening socket is descriptor 3 and outlives a restart.
  const inherited = Number(process.env.LISTEN_PID) === process.pid && Number(process.env.LISTEN_FDS) >= 1;
  server.on('error', fail);
  server.listen(inherited ? { fd: 3 } : config.listen, () => {
    log('info', 'listening', inherited ? { socket: 'systemd' } : { ...config.listen });
  });

  let stopping = false;
  const stop = async (signal: string) => {
    if (stopping) return;
    stopping = true;
    log('info', 'stopping', { signal });
    await closeSite(server, patience);
    await Promise.race([Promise.all([database.close(), watching]), sleep(2_000)]);
    log('info', 'stopped');
    process.exit(0);
  };
  for (const signal of ['SIGTERM', 'SIGINT'] as const) process.on(signal, () => void stop(signal));
}

function fail(error: unknown): never {
  log('error', 'cannot go on', { reason: reason(error) });
  process.exit(1);
}

process.on('uncaughtException', fail);
process.on('unhandledRejection', fail);
main().catch(fail);
