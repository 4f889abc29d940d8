import type { HostReader } from '../../host/contract.ts';
import { askMysql } from '../../host/queries/mysql.ts';
import { rereadMember } from '../../host/queries/mysql_member.ts';
import type { Member } from '../../mysql/cluster.ts';
import { chooseDonor, healthyReplicas, loadSql } from '../../mysql/donor.ts';

/** Who a server without data is seeded from: the least loaded healthy replica as they are now, else the primary. */
export async function readDonor(
  host: HostReader,
  self: Member,
  primary: Member,
  members: readonly Member[],
  socket: string,
): Promise<Member> {
  const read = ({ name, address }: Member) => rereadMember(name, address, host.peer(name), socket);
  const others = members.filter(({ name }) => name !== self.name && name !== primary.name);
  const replicas = await Promise.all(others.map(read));
  // After the others: a late transaction would look like an errant one of theirs.
  const now = await read(primary);
  if (!now.server) return primary;
  const healthy = healthyReplicas(self, now, replicas);
  const loads = await Promise.all(
    healthy.map(async (member) => {
      const [row] = await askMysql(host.peer(member.name), { socket, sql: loadSql });
      return { member, running: (row as { running: number }).running };
    }),
  );
  return chooseDonor(primary, loads);
}
