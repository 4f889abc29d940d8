import { createHash } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import type { ServerStatus } from '../../src/host/queries/mysql_server.ts';
import { changes } from '../../src/modules/contract.ts';
import { type ChannelWish, changeSource, presentSettings, wantedSettings } from '../../src/mysql/channel.ts';
import { channelTo, member, replica, uuid } from './servers.ts';

const wish: ChannelWish = {
  user: 'replica',
  password: "gehe'im\\",
  port: 3306,
  ca: '/etc/mysql/tls/ca.pem',
  connect_retry: 5,
  retry_count: 0,
  semi_sync: true,
};
const passwordDigest = createHash('sha256')
  .update(uuid(2) + wish.password)
  .digest('hex');
const differs = (server: ServerStatus) =>
  changes(wantedSettings(wish, member(1)), presentSettings(wish, server, { kind: 'keep' }));
const following = (change: Parameters<typeof channelTo>[1]) =>
  differs(replica(2, 1, { channels: [channelTo(1, { passwordDigest, ...change })] }).server);

describe('a replica as it should be', () => {
  it('differs in nothing', () => {
    expect(following({})).toEqual([]);
  });

  it.each([
    [{ host: '192.0.2.3' }, 'source', '192.0.2.3:3306'],
    [{ port: 3307 }, 'source', '192.0.2.1:3307'],
    [{ user: 'root' }, 'account', 'root'],
    [{ passwordDigest: createHash('sha256').update(uuid(2)).digest('hex') }, 'password', 'another one'],
    [{ passwordDigest: null }, 'password', 'another one'],
    [{ tls: false }, 'tls', 'not required'],
    [{ verifiesCertificate: false }, 'tls', 'required, certificate not verified'],
    [{ authority: '/tmp/ca.pem' }, 'tls', 'required, certificate verified by /tmp/ca.pem'],
    [{ autoPosition: false }, 'auto position', 'OFF'],
    [{ retryCount: 10 }, 'connect retry', 'every 5 s, 10 times'],
    [{ heartbeat: 30 }, 'heartbeat', 'every 30 s'],
    [{ receiver: 'OFF' as const }, 'receiver', 'OFF'],
    [{ receiver: 'CONNECTING' as const, receiverError: 'refused' }, 'receiver', 'CONNECTING: refused'],
    [{ applier: 'OFF' as const, applierError: 'Error 1062' }, 'applier', 'OFF: Error 1062'],
  ])('differs by %j', (change, what, from) => {
    expect(following(change)).toEqual([expect.objectContaining({ what, from })]);
  });

  it.each([
    [{ rpl_semi_sync_replica_enabled: 'OFF', rpl_semi_sync_replica_status: 'OFF' }, 'OFF'],
    [{ rpl_semi_sync_replica_enabled: 'ON', rpl_semi_sync_replica_status: 'OFF' }, 'ON, but not in force'],
    [{ rpl_semi_sync_slave_enabled: 'ON', rpl_semi_sync_slave_status: 'OFF' }, 'ON, but not in force'],
    [{}, 'OFF'],
  ])('differs by semi-sync %j', (semiSync, from) => {
    const { server } = replica(2, 1, { semiSync, channels: [channelTo(1, { passwordDigest })] });
    expect(differs(server)).toEqual([{ what: 'semi-sync replica', from, to: 'ON' }]);
  });

  it('differs by everything when it has no source', () => {
    const found = differs(replica(2, 1, { channels: [] }).server).map(({ what }) => what);
    expect(found).toEqual([
      'source',
      'account',
      'password',
      'tls',
      'auto position',
      'connect retry',
      'heartbeat',
      'receiver',
      'applier',
    ]);
  });

  it('never shows the password', () => {
    const shown = JSON.stringify([wantedSettings(wish, member(1)), following({ passwordDigest: null })]);
    expect(shown).not.toContain('gehe');
  });
});

it('CHANGE REPLICATION SOURCE quotes its values and verifies the certificate', () => {
  expect(changeSource(wish, member(1))).toBe(
    "CHANGE REPLICATION SOURCE TO SOURCE_HOST = '192.0.2.1', SOURCE_PORT = 3306, SOURCE_USER = 'replica', " +
      "SOURCE_PASSWORD = 'gehe\\'im\\\\', SOURCE_AUTO_POSITION = 1, SOURCE_SSL = 1, " +
      "SOURCE_SSL_CA = '/etc/mysql/tls/ca.pem', SOURCE_SSL_VERIFY_SERVER_CERT = 1, SOURCE_CONNECT_RETRY = 5, " +
      'SOURCE_RETRY_COUNT = 0, SOURCE_HEARTBEAT_PERIOD = 2',
  );
});
