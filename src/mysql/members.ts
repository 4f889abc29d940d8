import { setTimeout as sleep } from 'node:timers/promises';
import { CommandError, TransportError } from '../errors.ts';
import type { HostReader } from '../host/contract.ts';
import { refusal } from '../host/queries/mysql.ts';
import { readContents, rereadServer, tryServer } from '../host/queries/mysql_server.ts';
import { clusterOf, type Member } from './cluster.ts';
import { containsGtids, parseGtidSet } from './gtid.ts';

/** A server of the group with the way to ask it. */
export interface Asked {
  readonly name: string;
  readonly address: string;
  readonly host: HostReader;
}

/** The server as a member of its group; one that cannot be asked is one with a reason. */
export async function readMember({ name, address, host }: Asked, socket: string): Promise<Member> {
  try {
    const answer = await tryServer(host, socket);
    if (answer.state !== 'up') return { name, address, reason: refusal(name, answer).message };
    const server = answer.status;
    if (clusterOf(server) !== undefined) return { name, address, server };
    return { name, address, server, contents: await readContents(host, socket) };
  } catch (error) {
    if (!(error instanceof TransportError || error instanceof CommandError)) throw error;
    return { name, address, reason: error.message };
  }
}

/**
 * The members, each replica looked at until it has what the writable server had when this began.
 * @param patience seconds; a replica that is late then is given as it is
 */
export async function readSettledMembers(
  asked: readonly Asked[],
  socket: string,
  patience: number,
): Promise<readonly Member[]> {
  const members = await Promise.all(asked.map((one) => readMember(one, socket)));
  const goals = members.flatMap(({ server }) =>
    server && !server.readOnly ? [parseGtidSet(server.executed)] : [],
  );
  const end = Date.now() + patience * 1000;
  const settle = async (member: Member, host: HostReader): Promise<Member> => {
    let server = member.server;
    while (server?.readOnly && Date.now() < end) {
      const executed = parseGtidSet(server.executed);
      if (goals.every((goal) => containsGtids(executed, goal))) break;
      await sleep(200);
      server = await rereadServer(host, socket);
    }
    return server ? { ...member, server } : member;
  };
  return Promise.all(members.map((member, index) => settle(member, asked[index]!.host)));
}
