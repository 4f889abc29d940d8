import { CommandError, NotYet, TaskFailure, TransportError } from '../../errors.ts';
import type { Member } from '../../mysql/cluster.ts';
import { markOf } from '../../mysql/mark.ts';
import type { HostReader } from '../contract.ts';
import { refusal } from './mysql.ts';
import { readContents, rereadServer, type ServerStatus, tryServer } from './mysql_server.ts';

/** The server as a member of its group; one that cannot be asked is one with a reason. */
export async function readMember(
  name: string,
  address: string,
  host: HostReader,
  socket: string,
): Promise<Member> {
  try {
    const answer = await tryServer(host, socket);
    if (answer.state !== 'up')
      return {
        name,
        address,
        reason: refusal(name, answer).message,
        stopped: answer.state === 'absent' || answer.state === 'down',
      };
    return await known(name, address, answer.status, host, socket);
  } catch (error) {
    if (!(error instanceof TransportError || error instanceof CommandError)) throw error;
    return { name, address, reason: error.message };
  }
}

/** The same at this moment, whatever was read before. */
export async function rereadMember(
  name: string,
  address: string,
  host: HostReader,
  socket: string,
): Promise<Member> {
  try {
    return await known(name, address, await rereadServer(host, socket), host, socket);
  } catch (error) {
    const said = error instanceof TransportError || error instanceof TaskFailure;
    if (!said) throw error;
    return { name, address, reason: error.message, stopped: error instanceof NotYet };
  }
}

/** What a server without our mark holds tells whose it is. */
async function known(
  name: string,
  address: string,
  server: ServerStatus,
  host: HostReader,
  socket: string,
): Promise<Member> {
  if (markOf(server) !== undefined) return { name, address, server };
  return { name, address, server, contents: await readContents(host, socket) };
}
