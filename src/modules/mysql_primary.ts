import { randomUUID } from 'node:crypto';
import type { z } from 'zod';
import { TaskFailure } from '../errors.ts';
import { contents } from '../host/queries/contents.ts';
import type { ServerStatus } from '../host/queries/mysql_server.ts';
import { closeScript, openScript, permissionFile } from '../host/writable.ts';
import { describeData, standing } from '../mysql/cluster.ts';
import { holdsTerm, markOf, markStatements, termOf } from '../mysql/mark.ts';
import { semiSync } from '../mysql/semisync.ts';
import { keep } from '../state/files.ts';
import { changes, state } from './contract.ts';
import { clusterFile, type GroupParams, groupParams, readGroup } from './shared/mysql.ts';
import { ansibleBoolean, moduleParams } from './shared/params.ts';

interface Params extends GroupParams {
  readonly semi_sync: boolean;
}

interface Have {
  readonly primary: string;
  readonly address: string;
  readonly isPrimary: boolean;
  /** The site's id, when the controller has one or a server tells it. */
  readonly cluster: string | undefined;
  readonly uuid: string;
  /** The latest that any server's data knows of. */
  readonly term: number;
  /** Undefined when the plugin is not loaded. */
  readonly semiSyncVariable: string | undefined;
  readonly settings: Settings;
}

/** As shown. */
interface Settings {
  super_read_only?: string;
  /** Whether SET PERSIST overrules the configuration, by which every server starts read-only. */
  'persisted read_only'?: string;
  /** Whether the guard may open the server after a restart. */
  'permission to write'?: string;
  'semi-sync source'?: string;
  /** The site's id and who was made the primary last, on the server; the id also on the controller. */
  mark?: string;
}

/**
 * Exactly one server takes writes. Every server starts read-only, as its configuration file says. The primary has a
 * permission on its host's disk, with its server_uuid: with it the guard (role replication) opens the server after a
 * restart, once a majority of the group follows it. Neither CLONE nor a rebuilt disk carries that to another server.
 */
export default state<Params, Have>({
  summary: 'Keep exactly one server of a MySQL replication group writable.',
  fleet: true,
  params: moduleParams({
    ...groupParams,
    semi_sync: ansibleBoolean
      .default(true)
      .describe('Whether the primary waits for a replica to hold a transaction.'),
  }) as z.ZodType<Params>,

  async have(want, host, context) {
    const permission = host.ask(contents, permissionFile);
    const { self, members, cluster, decision } = await readGroup(want, host, context);
    if (standing(self, decision.kind === 'follow' ? decision.cluster : cluster) === 'foreign')
      throw new TaskFailure(
        `${self.name} holds ${describeData(self)}`,
        "It is neither empty nor this site's, and is left alone. Take it out of the group, or move its data away.",
      );
    const server = self.server!;
    if (server.gtidMode !== 'ON')
      throw new TaskFailure(
        `gtid_mode is ${server.gtidMode} on ${host.name}`,
        'Restart MySQL with its new configuration.',
      );
    const semi = semiSync(server);
    const onOff = (value: boolean) => (value ? 'ON' : 'OFF');
    return {
      primary: decision.primary,
      address: members.find((member) => member.name === decision.primary)!.address,
      isPrimary: decision.primary === host.name,
      cluster: decision.kind === 'follow' ? decision.cluster : cluster,
      uuid: server.uuid,
      term: Math.max(...members.map((member) => (member.server ? termOf(member.server) : 0))),
      semiSyncVariable: semi.sourceVariable,
      settings: {
        super_read_only: server.superReadOnly ? 'ON' : server.readOnly ? 'read_only' : 'OFF',
        'persisted read_only': server.persisted.super_read_only ?? server.persisted.read_only ?? 'no',
        'permission to write': permissionIn(await permission, server.uuid),
        'semi-sync source': semi.sourceVariable ? onOff(semi.sourceEnabled) : 'not loaded',
        mark: describeMark(server, cluster),
      },
    };
  },

  diff(want, have) {
    return changes<Settings>(
      {
        super_read_only: have.isPrimary ? 'OFF' : 'ON',
        'persisted read_only': 'no',
        'permission to write': have.isPrimary ? 'yes' : 'no',
        ...(want.semi_sync || have.semiSyncVariable
          ? { 'semi-sync source': want.semi_sync ? 'ON' : 'OFF' }
          : {}),
        ...(have.isPrimary ? { mark: 'ON' } : {}),
      },
      have.settings,
    );
  },

  async fix(differences, want, have, host, context) {
    const differs = (name: keyof Settings) => differences.some((change) => change.what === name);
    const statements: string[] = [];
    if (differs('semi-sync source')) {
      if (!have.semiSyncVariable)
        throw new TaskFailure(
          'the plugin of semi-sync sources is not loaded',
          'It is loaded at start by plugin_load_add.',
        );
      statements.push(`SET GLOBAL ${have.semiSyncVariable} = ${want.semi_sync ? 'ON' : 'OFF'}`);
    }
    if (differs('persisted read_only'))
      statements.push('RESET PERSIST IF EXISTS super_read_only', 'RESET PERSIST IF EXISTS read_only');
    const marking: string[] = [];
    if (differs('mark')) {
      // Kept before it is written: a run that dies between the two finds an id and an empty server, and goes on.
      const id = have.cluster ?? randomUUID();
      await keep(clusterFile(context), `${id}\n`);
      marking.push(...markStatements({ cluster: id, term: have.term + 1, primary: have.uuid }));
    }
    await host.run(
      have.isPrimary
        ? openScript(want.login_unix_socket, have.uuid)
        : closeScript(want.login_unix_socket, patience),
      { stdin: [...statements, ...marking].map((statement) => `${statement};\n`).join('') },
    );
  },

  result: (_want, have) => ({ primary: have.primary, address: have.address, is_primary: have.isPrimary }),
});

/** Seconds for which open transactions may delay that a server becomes read-only. */
const patience = 5;

function permissionIn(file: Buffer | undefined, uuid: string): string {
  if (file === undefined) return 'no';
  return file.toString('utf8').trim() === uuid ? 'yes' : 'for another server';
}

function describeMark(server: ServerStatus, cluster: string | undefined): string {
  const mark = markOf(server);
  if (mark === undefined) return 'missing';
  if (cluster === undefined) return 'not kept here';
  return holdsTerm(server) ? 'ON' : mark.term === 0 ? 'without a term' : 'of another primary';
}
