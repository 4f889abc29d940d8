import { join } from 'node:path';
import { readBinlog } from '../../host/binlog.ts';
import type { HostReader } from '../../host/contract.ts';
import { countGtids, parseGtidSet } from '../../mysql/gtid.ts';
import { keep } from '../../state/files.ts';
import type { Context } from '../contract.ts';

/**
 * Keeps transactions that only this server has in a file on the controller, before they are discarded.
 * @returns where they are, in words
 */
export async function keepErrant(
  host: HostReader,
  socket: string,
  gtids: string,
  { stateDirectory, warn }: Context,
): Promise<string> {
  const { gzip, found } = await readBinlog(host, socket, gtids);
  const time = new Date().toISOString().replaceAll(':', '').slice(0, 17);
  const file = join(stateDirectory, 'mysql', 'errant', `${host.name}-${time}.sql.gz`);
  await keep(file, gzip);
  const all = countGtids(parseGtidSet(gtids));
  if (BigInt(found) < all)
    warn(
      `${host.name} has binary logs of ${found} of the ${all} transactions only; the others cannot be kept`,
    );
  return `${gtids} is kept in ${file}`;
}
