import { z } from 'zod';
import { CommandError, TaskFailure } from '../errors.ts';
import type { Host, HostReader } from '../host/contract.ts';
import { mysqlClient } from '../host/queries/mysql.ts';
import { rereadServer, type ServerStatus } from '../host/queries/mysql_server.ts';
import { sh } from '../host/sh.ts';
import { catchUp } from '../mysql/catch_up.ts';
import {
  type ChannelSettings,
  type ChannelWish,
  changeSource,
  presentSettings,
  sourceSettings,
  wantedSettings,
} from '../mysql/channel.ts';
import { type Member, planReplica, type ReplicaPlan } from '../mysql/cluster.ts';
import { sqlAccount, sqlString } from '../mysql/literal.ts';
import { semiSync } from '../mysql/semisync.ts';
import { rememberSecret } from '../secrets.ts';
import { changes, state } from './contract.ts';
import { type Group, type GroupParams, groupParams, readGroup, runSql } from './shared/mysql.ts';
import { cloneScript } from './shared/mysql_clone.ts';
import { readDonor } from './shared/mysql_donor.ts';
import { keepErrant } from './shared/mysql_errant.ts';
import { ansibleBoolean, ansibleList, hostPath, integer, moduleParams } from './shared/params.ts';

interface Params extends GroupParams, ChannelWish {
  readonly clone_user: string;
  readonly clone_password: string;
  readonly timeout: number;
  readonly discard: readonly string[];
}

interface Have {
  readonly self: Member;
  readonly primary: Member;
  readonly members: readonly Member[];
  readonly server: ServerStatus;
  /** Undefined on the primary itself. */
  readonly settings?: ChannelSettings;
  /** Transactions that are given up by seeding it. */
  readonly errant?: string;
}

export default state<Params, Have>({
  summary:
    "Keep a MySQL server a replica of the group's primary, seeded by CLONE from the least loaded replica, else from it, when it holds no data.",
  fleet: true,
  params: moduleParams({
    ...groupParams,
    user: z.string().describe('Account by which replicas log in on the primary. Needs REPLICATION SLAVE.'),
    password: z.string().describe('Its password.'),
    clone_user: z
      .string()
      .describe('Account by which a new replica clones another server. Needs BACKUP_ADMIN.'),
    clone_password: z.string().describe('Its password.'),
    ca: hostPath.describe(
      "File on the host with the certificate of the authority that signed the primary's.",
    ),
    connect_retry: integer
      .default(5)
      .describe('Seconds between attempts to reach a primary that does not answer.'),
    retry_count: integer.default(0).describe('How often it is attempted; 0: for ever.'),
    semi_sync: ansibleBoolean
      .default(true)
      .describe('Whether the replica acknowledges transactions to the primary.'),
    timeout: integer.default(900).describe('Seconds that seeding or catching up may take without progress.'),
    discard: ansibleList
      .default([])
      .describe("Members of this site whose own transactions, which the primary doesn't have, may be lost."),
  }) as z.ZodType<Params>,

  async have(want, host, context) {
    rememberSecret(want.password);
    rememberSecret(want.clone_password);
    const group = await readGroup(want, host, context);
    const server = group.self.server!;
    const primary = group.members.find((member) => member.name === group.decision.primary)!;
    const { self, members } = group;
    if (primary === self) return { self, primary, members, server };
    const plan = await planFresh(group, primary, want, host);
    if (plan.kind === 'refused') throw new TaskFailure(plan.reason, plan.hint);
    const other = server.channels.find((channel) => channel.name !== '');
    if (other)
      throw new TaskFailure(
        `${host.name} also replicates from ${other.host} by the channel ${other.name}`,
        `End it with STOP REPLICA and RESET REPLICA ALL FOR CHANNEL ${sqlString(other.name)}, or take the server out.`,
      );
    const errant = plan.kind === 'seed' ? plan.errant : undefined;
    return {
      self,
      primary,
      members,
      server,
      settings: presentSettings(want, server, plan),
      ...(errant !== undefined && { errant }),
    };
  },

  diff(want, have) {
    return have.settings ? changes(wantedSettings(want, have.primary), have.settings) : [];
  },

  async fix(differences, want, have, host, context) {
    const differs = (...names: readonly (keyof ChannelSettings)[]) =>
      differences.some((change) => names.includes(change.what as keyof ChannelSettings));
    const semi = semiSync(have.server);
    if (want.semi_sync && !semi.replicaVariable)
      throw new TaskFailure(
        'the plugin of semi-sync replicas is not loaded',
        'It is loaded at start by plugin_load_add.',
      );
    const seeding = differs('data');
    if (seeding) {
      const { self, primary, members, errant } = have;
      if (errant !== undefined) context.say(await keepErrant(host, want.login_unix_socket, errant, context));
      const donor = await readDonor(host, self, primary, members, want.login_unix_socket);
      context.say(`seeding: from ${donor.name}`);
      await seed(want, have, donor, host);
    }
    const statements: string[] = [];
    if (differs('semi-sync replica')) {
      statements.push(`SET GLOBAL ${semi.replicaVariable} = ${want.semi_sync ? 'ON' : 'OFF'}`);
      // The receiver asks for semi-sync only when it connects.
      statements.push('STOP REPLICA IO_THREAD');
    }
    if (seeding) statements.push('STOP REPLICA', 'RESET REPLICA ALL');
    if (differs(...sourceSettings)) statements.push('STOP REPLICA', changeSource(want, have.primary));
    await runSql(host, want.login_unix_socket, [...statements, 'START REPLICA']);
    const primary = await rereadServer(host.peer(have.primary.name), want.login_unix_socket);
    await catchUp({
      name: host.name,
      target: primary.executed,
      read: () => rereadServer(host, want.login_unix_socket),
      ready: (server) => !want.semi_sync || semiSync(server).replicaActive,
      say: (line) => context.say(line),
      patience: want.timeout,
    });
    // What other hosts have read of this one while it caught up is no longer true: a write empties the cache.
    await host.run(sh`true`);
  },

  result: (_want, have) => ({ primary: have.primary.name, is_replica: have.settings !== undefined }),
});

/**
 * A plan that would empty or refuse the server is made again with the primary's state read after the server's own:
 * what the primary committed between the two reads is no difference.
 */
async function planFresh(
  group: Group,
  primary: Member,
  want: Params,
  host: HostReader,
): Promise<ReplicaPlan> {
  const cluster = group.decision.kind === 'follow' ? group.decision.cluster : group.cluster;
  const mayDiscard = want.discard.includes(host.name);
  const plan = planReplica(group.self, primary, cluster, mayDiscard);
  if (plan.kind === 'keep') return plan;
  const server = await rereadServer(host.peer(primary.name), want.login_unix_socket);
  return planReplica(group.self, { ...primary, server }, cluster, mayDiscard);
}

/** Replaces all data of the server by a clone of the donor's. */
async function seed(want: Params, { server }: Have, from: Member, host: Host): Promise<void> {
  const donor = sqlAccount({ name: want.clone_user, host: from.address });
  const sql = [
    "SET SESSION sql_mode = ''",
    ...(server.channels.length > 0 ? ['STOP REPLICA'] : []),
    `SET GLOBAL clone_ssl_ca = ${sqlString(want.ca)}`,
    `SET GLOBAL clone_valid_donor_list = ${sqlString(`${from.address}:${want.port}`)}`,
    // CLONE drops the schemas that are there as root would; read_only stays, and the restart brings this one back.
    'SET GLOBAL super_read_only = OFF',
    'SET GLOBAL read_only = ON',
    // MySQL hides passwords in its logs, but not that of CLONE in the slow query log: a year is the longest that it takes.
    'SET SESSION long_query_time = 31536000',
    `CLONE INSTANCE FROM ${donor}:${want.port} IDENTIFIED BY ${sqlString(want.clone_password)} REQUIRE SSL`,
  ];
  try {
    await host.job('mysql-clone', cloneScript(want.login_unix_socket, want.timeout), {
      stdin: sql.map((statement) => `${statement};\n`).join(''),
    });
  } catch (error) {
    if (!(error instanceof CommandError)) throw error;
    await host.run(
      sh`mysql ${mysqlClient} ${`--socket=${want.login_unix_socket}`} -e ${'SET GLOBAL super_read_only = ON'}`,
      {
        expect: 'any',
      },
    );
    throw new TaskFailure(
      `${host.name} could not be seeded from ${from.name}: ${error.stderr.trim() || `exit code ${error.code}`}`,
      'The error log of MySQL on both servers tells more.',
    );
  }
}
