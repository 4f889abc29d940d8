import { randomUUID } from 'node:crypto';
import type { z } from 'zod';
import { TaskFailure } from '../errors.ts';
import { clusterMark, clusterOf, describeData, standing } from '../mysql/cluster.ts';
import { sqlString } from '../mysql/literal.ts';
import { semiSync } from '../mysql/semisync.ts';
import { keep } from '../state/files.ts';
import { changes, state } from './contract.ts';
import { clusterFile, type GroupParams, groupParams, readGroup, runSql } from './shared/mysql.ts';
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
  /** Undefined when the plugin is not loaded. */
  readonly semiSyncVariable: string | undefined;
  readonly settings: Settings;
}

/** As shown; persisted: what a reboot brings back. */
interface Settings {
  super_read_only?: string;
  'super_read_only after a reboot'?: string;
  'read_only after a reboot'?: string;
  'semi-sync source'?: string;
  /** The site's id, on the server and on the controller. */
  mark?: string;
}

/**
 * Exactly one server takes writes. Every server's configuration file says super_read_only=ON, so that a new or
 * reinstalled one can never take a write before it is known; what the file says is then overruled for each server
 * by SET PERSIST, which lives in its data directory: OFF on the primary, which so comes back from a reboot without
 * a hand, ON on all others. Neither CLONE nor a rebuilt disk carries the primary's permission to another server.
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
      semiSyncVariable: semi.sourceVariable,
      settings: {
        super_read_only: server.superReadOnly ? 'ON' : server.readOnly ? 'read_only' : 'OFF',
        'super_read_only after a reboot': server.persisted.super_read_only ?? 'as configured',
        'read_only after a reboot': server.persisted.read_only ?? 'as configured',
        'semi-sync source': semi.sourceVariable ? onOff(semi.sourceEnabled) : 'not loaded',
        mark: clusterOf(server) === undefined ? 'missing' : cluster === undefined ? 'not kept here' : 'ON',
      },
    };
  },

  diff(want, have) {
    const readOnly = have.isPrimary ? 'OFF' : 'ON';
    return changes<Settings>(
      {
        super_read_only: readOnly,
        'super_read_only after a reboot': readOnly,
        'read_only after a reboot': readOnly,
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
    if (have.isPrimary) statements.push('SET PERSIST super_read_only = OFF', 'SET PERSIST read_only = OFF');
    else statements.push('SET PERSIST read_only = ON', 'SET PERSIST super_read_only = ON');
    if (differs('mark')) {
      // Kept before it is written: a run that dies between the two finds an id and an empty server, and goes on.
      const id = have.cluster ?? randomUUID();
      await keep(clusterFile(context), `${id}\n`);
      const comment = sqlString(clusterMark(id));
      statements.push(
        'CREATE DATABASE IF NOT EXISTS foobar',
        `CREATE TABLE IF NOT EXISTS foobar.cluster (id CHAR(36) PRIMARY KEY) COMMENT = ${comment}`,
      );
    }
    await runSql(host, want.login_unix_socket, statements);
  },

  result: (_want, have) => ({ primary: have.primary, address: have.address, is_primary: have.isPrimary }),
});
