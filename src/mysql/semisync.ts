import type { ServerStatus } from '../host/queries/mysql_server.ts';

/** Semi-synchronous replication of one server, whichever words its plugin uses. */
export interface SemiSync {
  /** Names of the variables; undefined when the plugin is not loaded. */
  readonly sourceVariable: string | undefined;
  readonly replicaVariable: string | undefined;
  readonly sourceEnabled: boolean;
  readonly replicaEnabled: boolean;
  /** Whether it is in force: enabled is what was asked for, and it falls back to asynchronous by itself. */
  readonly sourceActive: boolean;
  readonly replicaActive: boolean;
  /** Replicas that acknowledge to this source. */
  readonly clients: number;
}

/** Until 8.0.25 the plugins say master and slave; both kinds exist up to 8.4, one of them is loaded. */
export function semiSync({ semiSync: values }: Pick<ServerStatus, 'semiSync'>): SemiSync {
  const word = (words: readonly string[]) =>
    words.map((one) => `rpl_semi_sync_${one}`).find((prefix) => `${prefix}_enabled` in values);
  const source = word(['source', 'master']);
  const replica = word(['replica', 'slave']);
  const on = (name: string | undefined) => name !== undefined && values[name] === 'ON';
  return {
    sourceVariable: source && `${source}_enabled`,
    replicaVariable: replica && `${replica}_enabled`,
    sourceEnabled: on(source && `${source}_enabled`),
    replicaEnabled: on(replica && `${replica}_enabled`),
    sourceActive: on(source && `${source}_status`),
    replicaActive: on(replica && `${replica}_status`),
    clients: Number(values[`${source}_clients`] ?? 0),
  };
}
