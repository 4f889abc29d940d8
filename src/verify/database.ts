import { TransportError } from '../errors.ts';
import { mysqlClient } from '../host/queries/mysql.ts';
import { readServer, type ServerStatus } from '../host/queries/mysql_server.ts';
import { sh } from '../host/sh.ts';
import { type Finding, finding, type Site, text } from './contract.ts';

const defaultSocket = '/run/mysqld/mysqld.sock';
/** Seconds that a replica may take to have what the primary had when it was asked. */
const catchUpSeconds = 10;

/** One server is writable, and every other one follows it, read-only, over TLS and with nothing missing. */
export async function verifyDatabase(site: Site): Promise<Finding[]> {
  const members = site.group('database');
  if (members.length === 0) return [];
  const read = await Promise.all(
    members.map(async (host) => {
      try {
        return { host, status: await readServer(site.reader(host), socketOf(site, host)) };
      } catch (error) {
        if (error instanceof TransportError) site.unreachable(host);
        return { host, error: (error as Error).message };
      }
    }),
  );
  const servers = read.flatMap(({ host, status }) => (status ? [{ host, status }] : []));
  const silent = read.flatMap(({ host, error }) => (error === undefined ? [] : [dead(host, error)]));
  const writable = servers.filter(({ status }) => !status.superReadOnly && !status.readOnly);
  const primary = writable[0];
  const one: Finding = {
    part: 'database',
    host: primary?.host ?? '',
    promise: 'exactly one server is writable',
    kept: writable.length === 1,
    seen: writable.length === 0 ? 'none is' : writable.map(({ host }) => host).join(', '),
  };
  if (!primary || writable.length > 1) return [one, ...silent];
  const replicas = servers.filter(({ host }) => host !== primary.host);
  const followers = await Promise.all(
    replicas.flatMap(({ host, status }) => ofReplica(site, host, status, primary.status)),
  );
  const guards = await Promise.all(servers.map(({ host }) => guard(site, host)));
  return [
    one,
    ...(replicas.length > 0 ? [semiSync(primary.host, primary.status)] : []),
    ...followers,
    ...guards,
    ...silent,
  ];
}

/** Without its guard a primary does not open after a restart, and does not close when it is alone. */
function guard(site: Site, host: string): Promise<Finding> {
  return finding(site, 'database', host, 'a guard decides whether it takes writes', async () => {
    const { stdout } = await site
      .reader(host)
      .look(sh`systemctl is-active foobar-mysql-guard`, { expect: 'any' });
    return { kept: stdout.trim() === 'active', seen: stdout.trim() };
  });
}

function dead(host: string, seen: string): Finding {
  return { part: 'database', host, promise: 'MySQL answers', kept: false, seen };
}

function socketOf(site: Site, host: string): string {
  return text(site, host, 'mysql_socket') || defaultSocket;
}

/** The status, not the variable: semi-sync falls back to asynchronous and still says that it is enabled. */
function semiSync(host: string, status: ServerStatus): Finding {
  const active = Object.entries(status.semiSync).some(
    ([name, value]) => /_(source|master)_status$/.test(name) && value === 'ON',
  );
  const clients = Object.entries(status.semiSync).find(([name]) => name.endsWith('_clients'))?.[1] ?? '0';
  return {
    part: 'database',
    host,
    promise: 'a commit waits for a replica (semi-sync)',
    kept: active && Number(clients) > 0,
    seen: `${active ? 'active' : 'not active'}, ${clients} replicas acknowledge`,
  };
}

function ofReplica(
  site: Site,
  host: string,
  status: ServerStatus,
  primary: ServerStatus,
): Promise<Finding>[] {
  const channel = status.channels[0];
  return [
    finding(site, 'database', host, 'is read-only', async () => ({
      kept: status.superReadOnly,
      seen: `super_read_only is ${status.superReadOnly ? 'on' : 'off'}`,
    })),
    finding(site, 'database', host, 'replicates from the primary over verified TLS', async () => {
      if (!channel) return { kept: false, seen: 'no replication is configured' };
      const running = channel.receiver === 'ON' && channel.applier === 'ON';
      const trouble = channel.receiverError || channel.applierError;
      const kept =
        running && channel.tls && channel.verifiesCertificate && channel.sourceUuid === primary.uuid;
      const tls = channel.tls ? (channel.verifiesCertificate ? 'verified TLS' : 'unverified TLS') : 'no TLS';
      return {
        kept,
        seen: `from ${channel.host}, receiver ${channel.receiver}, applier ${channel.applier}, ${tls}${trouble ? `: ${trouble}` : ''}`,
      };
    }),
    finding(site, 'database', host, 'has all that the primary has', async () => {
      const wait = `SELECT WAIT_FOR_EXECUTED_GTID_SET('${primary.executed.replaceAll(/\s/g, '')}', ${catchUpSeconds})`;
      const { stdout } = await site
        .reader(host)
        .look(
          sh`mysql ${mysqlClient} --socket=${socketOf(site, host)} --batch --skip-column-names --execute=${wait}`,
        );
      const kept = stdout.trim() === '0';
      return { kept, seen: kept ? 'up to date' : `still behind after ${catchUpSeconds} s` };
    }),
  ];
}
