import { TaskFailure } from '../errors.ts';
import type { Host } from '../host/contract.ts';
import { rereadMember } from '../host/queries/mysql_member.ts';
import type { ChannelWish } from '../mysql/channel.ts';
import type { Member } from '../mysql/cluster.ts';
import { rememberSecret } from '../secrets.ts';
import { type Site, text } from '../verify/contract.ts';

/** The site's database servers, and how they are to follow each other; from the variables of role replication. */
export interface DatabaseGroup {
  readonly members: readonly { readonly name: string; readonly address: string }[];
  readonly port: number;
  readonly socket: string;
  /** Seconds after which a primary that reaches nobody has made itself read-only. */
  readonly lease: number;
  /** Every host of the site with its address and its port of SSH. */
  readonly hosts: readonly { readonly name: string; readonly address: string; readonly sshPort: number }[];
  wish(member: string): ChannelWish;
  host(name: string): Host;
}

export function databaseGroup(site: Site, host: (name: string) => Host): DatabaseGroup {
  const names = site.group('database');
  const first = names[0];
  if (first === undefined)
    throw new TaskFailure(
      'the inventory has no database server',
      'They are the hosts of the group database.',
    );
  const needed = (name: string, variable: string): string => {
    const value = text(site, name, variable);
    if (value !== '') return value;
    throw new TaskFailure(
      `${variable} is not defined for ${name}`,
      'The roles mysql and replication define it: the playbook must give them to the group database.',
    );
  };
  const addressOf = (name: string) => text(site, name, 'address') || text(site, name, 'ansible_host') || name;
  return {
    members: names.map((name) => ({ name, address: addressOf(name) })),
    port: Number(needed(first, 'mysql_port')),
    socket: text(site, first, 'mysql_socket') || '/run/mysqld/mysqld.sock',
    lease: Number(needed(first, 'mysql_primary_lease')),
    hosts: site.group('all').map((name) => ({
      name,
      address: addressOf(name),
      sshPort: Number(text(site, name, 'ssh_port') || text(site, name, 'ansible_port') || 22),
    })),
    wish: (member) => {
      const password = needed(member, 'replication_password');
      rememberSecret(password);
      return {
        user: needed(member, 'replication_user'),
        password,
        port: Number(needed(member, 'mysql_port')),
        ca: needed(member, 'replication_ca'),
        connect_retry: Number(needed(member, 'replication_connect_retry')),
        retry_count: 0,
        semi_sync: site.variable(member, 'replication_semi_sync') !== false,
      };
    },
    host,
  };
}

/** Every server as it is now. The writable ones are read again after the others: a replica never seems ahead. */
export async function readMembers(group: DatabaseGroup): Promise<Member[]> {
  const read = ({ name, address }: DatabaseGroup['members'][number]) =>
    rereadMember(name, address, group.host(name), group.socket);
  const first = await Promise.all(group.members.map(read));
  return Promise.all(
    first.map((member) => (member.server && member.server.channels.length === 0 ? read(member) : member)),
  );
}

/** A member that answers. */
export type Answering = Member & Required<Pick<Member, 'server'>>;

/** The server as it is now. Throws a TaskFailure when it does not answer. */
export async function readAgain(group: DatabaseGroup, name: string): Promise<Answering> {
  const { address } = group.members.find((member) => member.name === name)!;
  const member = await rereadMember(name, address, group.host(name), group.socket);
  if (!member.server) throw new TaskFailure(member.reason ?? `${name} does not answer`);
  return { ...member, server: member.server };
}
