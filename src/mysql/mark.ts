import type { ServerStatus } from '../host/queries/mysql_server.ts';
import { sqlString } from './literal.ts';

/**
 * The comment of the table foobar.cluster. It is replicated with the data: it says whose data a server holds, and
 * who was made its primary last, as far as this data reaches.
 */
export interface Mark {
  readonly cluster: string;
  /** Counts who has been primary. 0: written by a foobar that did not count. */
  readonly term: number;
  /** server_uuid of the primary of this term. A copy of the data has another one, so it makes no second primary. */
  readonly primary?: string;
}

const words = /^foobar cluster (\S+)(?: term (\d+) of (\S+))?$/;

export function formatMark({ cluster, term, primary }: Mark): string {
  return `foobar cluster ${cluster}${primary === undefined ? '' : ` term ${term} of ${primary}`}`;
}

/** The server's mark; undefined when it has none, or somebody else's comment. */
export function markOf({ cluster: comment }: Pick<ServerStatus, 'cluster'>): Mark | undefined {
  const [, cluster, term, primary] = words.exec(comment ?? '') ?? [];
  if (cluster === undefined) return undefined;
  return primary === undefined ? { cluster, term: 0 } : { cluster, term: Number(term), primary };
}

/** The term that the server's data knows of; 0 without one. */
export function termOf(server: Pick<ServerStatus, 'cluster'>): number {
  return markOf(server)?.term ?? 0;
}

/** Whether the server is the primary of its own mark. */
export function holdsTerm(server: Pick<ServerStatus, 'cluster' | 'uuid'>): boolean {
  return markOf(server)?.primary === server.uuid;
}

/** Whether by the data of the one another server has been made the primary after the other. */
export function isReplaced(
  primary: Pick<ServerStatus, 'cluster' | 'uuid'>,
  by: Pick<ServerStatus, 'cluster'>,
): boolean {
  // A mark that names it was only read later than its own.
  return termOf(by) > termOf(primary) && markOf(by)?.primary !== primary.uuid;
}

/** Statements that mark the data of a server that takes root's writes. */
export function markStatements(mark: Mark): string[] {
  const comment = sqlString(formatMark(mark));
  return [
    'CREATE DATABASE IF NOT EXISTS foobar',
    `CREATE TABLE IF NOT EXISTS foobar.cluster (id CHAR(36) PRIMARY KEY) COMMENT = ${comment}`,
    `ALTER TABLE foobar.cluster COMMENT = ${comment}`,
  ];
}
