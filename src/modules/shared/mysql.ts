import { join } from 'node:path';
import { z } from 'zod';
import { NotYet, TaskFailure } from '../../errors.ts';
import type { HostReader } from '../../host/contract.ts';
import { readMember } from '../../host/queries/mysql_member.ts';
import { readServer } from '../../host/queries/mysql_server.ts';
import type { Member } from '../../mysql/cluster.ts';
import { type Decision, decidePrimary } from '../../mysql/decide.ts';
import { readKept } from '../../state/files.ts';
import type { Context } from '../contract.ts';
import { ansibleList, hostPath, integer } from './params.ts';

/** `login_unix_socket` as in Ansible's MySQL modules. */
export const loginSocket = hostPath
  .default('/run/mysqld/mysqld.sock')
  .describe('Path of the Unix socket through which root is let in without a password.');

/** The parameters by which a module knows the servers of the group. */
export const groupParams = {
  members: ansibleList.describe('The names of all database servers, as in the inventory.'),
  addresses: ansibleList.describe('The IPv4 addresses by which they reach each other, in the same order.'),
  port: integer.default(3306).describe('TCP port of MySQL on every server.'),
  hint: z
    .string()
    .describe('The server that becomes primary when none holds data yet. Afterwards the servers know.'),
  login_unix_socket: loginSocket,
};

export interface GroupParams {
  readonly members: readonly string[];
  readonly addresses: readonly string[];
  readonly port: number;
  readonly hint: string;
  readonly login_unix_socket: string;
}

/** The group as it is, and who of it is primary. */
export interface Group {
  readonly members: readonly Member[];
  readonly self: Member;
  /** Id of the site's data as kept on the controller. */
  readonly cluster: string | undefined;
  readonly decision: Exclude<Decision, { kind: 'refused' }>;
}

/** Where the controller keeps the id of the site's data. */
export function clusterFile(context: Context): string {
  return join(context.stateDirectory, 'mysql', 'cluster-id');
}

/**
 * Asks every server of the group. Throws NotYet while this one has no running MySQL, and a TaskFailure when no
 * server can be the primary.
 */
export async function readGroup(want: GroupParams, host: HostReader, context: Context): Promise<Group> {
  if (want.members.length !== want.addresses.length)
    throw new TaskFailure(`there are ${want.members.length} members and ${want.addresses.length} addresses`);
  const kept = readKept(clusterFile(context));
  if (!want.members.includes(host.name))
    throw new TaskFailure(`${host.name} is none of the members ${want.members.join(', ')}`);
  const asked = want.members.map((name, index) => ({
    name,
    address: want.addresses[index]!,
    host: name === host.name ? host : host.peer(name),
  }));
  const [members] = await Promise.all([
    Promise.all(asked.map((one) => readMember(one.name, one.address, one.host, want.login_unix_socket))),
    readServer(host, want.login_unix_socket),
  ]);
  const self = members.find((member) => member.name === host.name)!;
  const cluster = (await kept)?.trim() || undefined;
  const decision = decidePrimary(members, { hint: want.hint, cluster });
  if (decision.kind === 'refused')
    throw decision.early
      ? new NotYet(decision.reason, decision.hint)
      : new TaskFailure(decision.reason, decision.hint);
  if (decision.primary !== want.hint && decision.primary === host.name)
    context.warn(
      `it is the primary of the database, though the inventory names ${want.hint} for the first build; the run follows the servers`,
    );
  return { members, self, cluster, decision };
}

export { runSql } from '../../host/sql.ts';
