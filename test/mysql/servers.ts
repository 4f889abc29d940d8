import type { Channel, ServerStatus } from '../../src/host/queries/mysql_server.ts';
import type { Member } from '../../src/mysql/cluster.ts';
import { formatMark } from '../../src/mysql/mark.ts';

export const site = '0b5b1b52-0000-4000-8000-000000000001';
/** Server UUIDs by the server's number. */
export const uuid = (number: number) => `3e11fa47-71ca-11e1-9e33-${String(number).padStart(12, '0')}`;
export const address = (number: number) => `192.0.2.${number}`;

/** The comment of data whose primary was db`primary` last. */
export const mark = (primary: number, term = primary) =>
  formatMark({ cluster: site, term, primary: uuid(primary) });

/** A running replica's channel to db`source`. */
export function channelTo(source: number, change: Partial<Channel> = {}): Channel {
  return {
    name: '',
    host: address(source),
    port: 3306,
    user: 'replica',
    autoPosition: true,
    tls: true,
    authority: '/etc/mysql/tls/ca.pem',
    verifiesCertificate: true,
    retryInterval: 5,
    retryCount: 0,
    passwordDigest: null,
    sourceUuid: uuid(source),
    receiver: 'ON',
    receiverError: '',
    applier: 'ON',
    applierError: '',
    applied: true,
    received: '',
    heartbeat: 2,
    lastSeen: '2026-11-23 12:00:00',
    ...change,
  };
}

/** db`number`: this site's, writable, without a source, unless changed. */
export function member(
  number: number,
  change: Partial<ServerStatus> = {},
): Member & { server: ServerStatus } {
  return {
    name: `db${number}`,
    address: address(number),
    server: {
      version: '9.7.4-2',
      uuid: uuid(number),
      readOnly: false,
      superReadOnly: false,
      persisted: {},
      gtidMode: 'ON',
      executed: `${uuid(1)}:1-100`,
      purged: '',
      plugins: [],
      semiSync: {
        rpl_semi_sync_source_enabled: 'ON',
        rpl_semi_sync_source_status: 'ON',
        rpl_semi_sync_source_clients: '2',
        rpl_semi_sync_replica_enabled: 'ON',
        rpl_semi_sync_replica_status: 'ON',
      },
      cluster: mark(1),
      channels: [],
      ...change,
    },
  };
}

/** db`number` as a replica of db`source`. */
export function replica(number: number, source = 1, change: Partial<ServerStatus> = {}) {
  return member(number, { readOnly: true, superReadOnly: true, channels: [channelTo(source)], ...change });
}

/** db`number` as its installation left it. */
export function fresh(number: number): Member & { server: ServerStatus } {
  const {
    name,
    address: where,
    server,
  } = member(number, {
    readOnly: true,
    superReadOnly: true,
    executed: `${uuid(number)}:1-3`,
    cluster: null,
  });
  return { name, address: where, server, contents: { schemas: {}, accounts: [] } };
}

/** db`number`, which could not be asked. */
export function silent(number: number): Member {
  return { name: `db${number}`, address: address(number), reason: `MySQL does not run on db${number}` };
}
