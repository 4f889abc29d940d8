import { setTimeout as sleep } from 'node:timers/promises';
import { NotYet, TaskFailure } from '../errors.ts';
import type { HostReader } from '../host/contract.ts';
import { rereadServer, type ServerStatus } from '../host/queries/mysql_server.ts';
import { stat } from '../host/queries/stat.ts';
import { sh } from '../host/sh.ts';
import { catchUp } from '../mysql/catch_up.ts';
import { state } from './contract.ts';
import { loginSocket } from './shared/mysql.ts';
import { ansibleList, hostPath, integer, moduleParams } from './shared/params.ts';

const params = moduleParams({
  members: ansibleList.describe('The names of all database servers, as in the inventory.'),
  configuration: hostPath.describe(
    'File of the configuration; newer than the running server, it restarts it.',
  ),
  login_unix_socket: loginSocket.describe(
    'Path of the Unix socket that the server makes when it starts, through which root is let in.',
  ),
  timeout: integer
    .default(300)
    .describe('Seconds that the server may take to be up again, and again to have caught up.'),
});

interface Want {
  readonly members: readonly string[];
  readonly configuration: string;
  readonly login_unix_socket: string;
  readonly timeout: number;
}

interface Have {
  /** Times of the two files, in seconds; undefined for one that is not there. */
  readonly configured: number | undefined;
  readonly started: number | undefined;
  /** Only where the configuration is newer: whether the server takes writes that others replicate. */
  readonly isPrimary: boolean;
}

export default state<Want, Have>({
  summary: 'Restart a MySQL server whose configuration is newer than itself, when no other one is missing.',
  params: params as never,
  fleet: true,

  async have(want, host, context) {
    const [configuration, socket] = await Promise.all([
      host.ask(stat, { path: want.configuration }),
      host.ask(stat, { path: want.login_unix_socket }),
    ]);
    const have = { configured: configuration?.modified, started: socket?.modified };
    if (!isStale(have)) return { ...have, isPrimary: false };
    const isPrimary = want.members.length > 1 && isOpen(await rereadServer(host, want.login_unix_socket));
    if (isPrimary)
      context.warn(
        `it is the primary of the database and runs with an older configuration: foobar promote makes another server the primary, and the next run restarts this one`,
      );
    return { ...have, isPrimary };
  },

  diff: (_want, have) =>
    isStale(have) && !have.isPrimary
      ? [{ what: 'started', from: time(have.started), to: `after ${time(have.configured)}` }]
      : [],

  async fix(_changes, want, _have, host, context) {
    const before = await rereadServer(host, want.login_unix_socket);
    const replicates = before.channels.length > 0;
    if (replicates || isOpen(before)) await refuseWhileOthersMiss(want, host);
    await host.run(sh`systemctl restart mysql`);
    const end = Date.now() + want.timeout * 1000;
    const read = () => rereadServer(host, want.login_unix_socket);
    for (;;) {
      const problem = await look(want, host);
      if (typeof problem !== 'string') break;
      if (Date.now() > end)
        throw new TaskFailure(`${host.name} was restarted: ${problem}`, 'See journalctl -u mysql.');
      await sleep(500);
    }
    // What the primary has now must be there too before the next server is restarted.
    const primary = replicates ? (await others(want, host)).find(({ server }) => isOpen(server)) : undefined;
    if (primary !== undefined && typeof primary.server !== 'string')
      await catchUp({
        name: host.name,
        target: primary.server.executed,
        read,
        ready: () => true,
        say: context.say,
        patience: want.timeout,
      });
  },
});

function isStale({ configured, started }: Pick<Have, 'configured' | 'started'>): boolean {
  return configured !== undefined && started !== undefined && configured > started;
}

function time(seconds: number | undefined): string {
  return new Date((seconds ?? 0) * 1000).toISOString();
}

function isOpen(server: ServerStatus | string): boolean {
  return typeof server !== 'string' && !server.superReadOnly && !server.readOnly;
}

/** One server at a time, and no further than to the first that does not come back. */
async function refuseWhileOthersMiss(want: Want, host: HostReader): Promise<void> {
  for (const { name, server } of await others(want, host)) {
    const problem = typeof server === 'string' ? server : isOpen(server) ? undefined : lacks(name, server);
    if (problem !== undefined)
      throw new TaskFailure(
        `${host.name} is not restarted for its configuration: ${problem}`,
        'One server is restarted at a time. Mend the other one first.',
      );
  }
}

function others(want: Want, host: HostReader) {
  const names = want.members.filter((name) => name !== host.name);
  return Promise.all(names.map(async (name) => ({ name, server: await look(want, host.peer(name)) })));
}

function lacks(name: string, { channels }: ServerStatus): string | undefined {
  const [channel] = channels;
  if (channel === undefined) return `${name} does not replicate`;
  if (channel.receiver === 'ON' && channel.applier === 'ON') return undefined;
  const why = channel.receiverError || channel.applierError;
  return `${name} does not replicate from ${channel.host}${why ? `: ${why}` : ''}`;
}

async function look(want: Want, host: HostReader): Promise<ServerStatus | string> {
  try {
    return await rereadServer(host, want.login_unix_socket);
  } catch (error) {
    if (error instanceof NotYet) return error.message;
    throw error;
  }
}
