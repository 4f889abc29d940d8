import { createHash } from 'node:crypto';
import type { ServerStatus } from '../host/queries/mysql_server.ts';
import type { Member, ReplicaPlan } from './cluster.ts';
import { sqlString } from './literal.ts';
import { semiSync } from './semisync.ts';

/** How a replica is to follow its primary. */
export interface ChannelWish {
  readonly user: string;
  readonly password: string;
  readonly port: number;
  /** The authority's certificate on the replica's host. */
  readonly ca: string;
  readonly connect_retry: number;
  /** 0: for ever. */
  readonly retry_count: number;
  readonly semi_sync: boolean;
}

/** What can differ between a replica as it is and as it should be, in words to show. */
export interface ChannelSettings {
  data?: string;
  source?: string;
  account?: string;
  password?: string;
  tls?: string;
  'auto position'?: string;
  'connect retry'?: string;
  heartbeat?: string;
  receiver?: string;
  applier?: string;
  'semi-sync replica'?: string;
}

/** Seconds between a source's signs of life; well below replica_net_timeout, after which a replica gives it up. */
const heartbeat = 2;

/** The settings that CHANGE REPLICATION SOURCE TO sets anew; a seeded server has none of them. */
export const sourceSettings: readonly (keyof ChannelSettings)[] = [
  'data',
  'source',
  'account',
  'password',
  'tls',
  'auto position',
  'connect retry',
  'heartbeat',
];

export function wantedSettings(wish: ChannelWish, primary: Pick<Member, 'address'>): ChannelSettings {
  return {
    data: "the primary's",
    source: `${primary.address}:${wish.port}`,
    account: wish.user,
    password: 'as wanted',
    tls: `required, certificate verified by ${wish.ca}`,
    'auto position': 'ON',
    'connect retry': retry(wish.connect_retry, wish.retry_count),
    heartbeat: `every ${heartbeat} s`,
    receiver: 'ON',
    applier: 'ON',
    'semi-sync replica': wish.semi_sync ? 'ON' : 'OFF',
  };
}

/** The same for the server as it is. Error messages of stopped threads are part of it. */
export function presentSettings(wish: ChannelWish, server: ServerStatus, plan: ReplicaPlan): ChannelSettings {
  const channel = server.channels[0];
  const semi = semiSync(server);
  const settings: ChannelSettings = {
    data: plan.kind === 'seed' ? plan.why : "the primary's",
    source: 'none',
    'semi-sync replica': semi.replicaEnabled ? 'ON' : 'OFF',
  };
  if (!channel) return { ...settings, receiver: 'OFF', applier: 'OFF' };
  const running = channel.receiver === 'ON';
  if (running && semi.replicaEnabled && !semi.replicaActive)
    settings['semi-sync replica'] = 'ON, but not in force';
  return {
    ...settings,
    source: `${channel.host}:${channel.port}`,
    account: channel.user,
    password: channel.passwordDigest === digest(server.uuid, wish.password) ? 'as wanted' : 'another one',
    tls: !channel.tls
      ? 'not required'
      : channel.verifiesCertificate
        ? `required, certificate verified by ${channel.authority || 'nobody'}`
        : 'required, certificate not verified',
    'auto position': channel.autoPosition ? 'ON' : 'OFF',
    'connect retry': retry(channel.retryInterval, channel.retryCount),
    heartbeat: `every ${channel.heartbeat} s`,
    receiver: thread(channel.receiver, channel.receiverError),
    applier: thread(channel.applier, channel.applierError),
  };
}

function retry(interval: number, count: number): string {
  return `every ${interval} s, ${count === 0 ? 'for ever' : `${count} times`}`;
}

function thread(is: string, error: string): string {
  return is === 'ON' || error === '' ? is : `${is}: ${error}`;
}

function digest(uuid: string, password: string): string {
  return createHash('sha256')
    .update(uuid + password)
    .digest('hex');
}

/** The statement that makes a stopped replica follow the primary. Holds the password. */
export function changeSource(wish: ChannelWish, primary: Pick<Member, 'address'>): string {
  const options = {
    SOURCE_HOST: sqlString(primary.address),
    SOURCE_PORT: wish.port,
    SOURCE_USER: sqlString(wish.user),
    SOURCE_PASSWORD: sqlString(wish.password),
    SOURCE_AUTO_POSITION: 1,
    SOURCE_SSL: 1,
    SOURCE_SSL_CA: sqlString(wish.ca),
    SOURCE_SSL_VERIFY_SERVER_CERT: 1,
    SOURCE_CONNECT_RETRY: wish.connect_retry,
    SOURCE_RETRY_COUNT: wish.retry_count,
    SOURCE_HEARTBEAT_PERIOD: heartbeat,
  };
  const list = Object.entries(options).map(([name, value]) => `${name} = ${value}`);
  return `CHANGE REPLICATION SOURCE TO ${list.join(', ')}`;
}
