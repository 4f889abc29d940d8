/** What one look at a database server found. */
export type Observation =
  | { readonly name: string; readonly state: 'writable' | 'read-only' }
  | { readonly name: string; readonly state: 'down'; readonly reason: string };

export interface Topology {
  /** The server that takes writes, if it is known beyond doubt. */
  readonly primary: string | undefined;
  /** Servers that answer and are read-only. */
  readonly replicas: readonly string[];
  readonly down: readonly string[];
  /** Why there is no primary. */
  readonly problem: string | undefined;
}

/**
 * Who takes writes and who is read from. With two writable servers the one in use stays; when none of them was in
 * use nothing is written, since rows written on both sides could never be merged.
 */
export function chooseRoles(seen: readonly Observation[], current: string | undefined): Topology {
  const names = (state: Observation['state']) =>
    seen.filter((server) => server.state === state).map((server) => server.name);
  const writable = names('writable');
  const known = current !== undefined && writable.includes(current);
  const primary = known ? current : writable.length === 1 ? writable[0] : undefined;
  return {
    primary,
    replicas: names('read-only'),
    down: names('down'),
    problem:
      primary !== undefined
        ? undefined
        : writable.length > 1
          ? `${writable.join(' and ')} both accept writes`
          : 'no database server accepts writes',
  };
}

/** MySQL refused the write since the server is read-only: ER_OPTION_PREVENTS_STATEMENT, ER_READ_ONLY_MODE. */
export function isReadOnly(error: unknown): boolean {
  const number = (error as { errno?: unknown } | null)?.errno;
  return number === 1290 || number === 1836;
}

/** The server answered with an error of its own: asking another one would not help. */
export function isServerError(error: unknown): boolean {
  const { sqlState, errno } = (error ?? {}) as { sqlState?: unknown; errno?: unknown };
  // 08xxx is "connection exception", 1053 a shutdown, 3024 the execution limit, 1040 and 1203 are "too many connections".
  if (typeof sqlState !== 'string' || sqlState.startsWith('08')) return false;
  return ![1053, 1040, 1203, 3024, 3100].includes(errno as number);
}
