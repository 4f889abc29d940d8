/** A server by what it says of its version: `11.8.6-MariaDB-0+deb13u1`, `8.4.5`. */
export interface Dialect {
  readonly mariadb: boolean;
  /** Major, minor, release. */
  readonly version: readonly number[];
}

export function dialectOf(version: string): Dialect {
  const numbers = /^(\d+)\.(\d+)\.(\d+)/.exec(version) ?? [];
  return { mariadb: /mariadb/i.test(version), version: numbers.slice(1).map(Number) };
}

/** The words of a server for a thing that releases have named differently; the last that applies counts. */
const words = {
  primaryStatus: [
    ['any', [0], 'SHOW MASTER STATUS'],
    ['mysql', [8, 2, 0], 'SHOW BINARY LOG STATUS'],
    ['mariadb', [10, 5, 2], 'SHOW BINLOG STATUS'],
  ],
  replicaHosts: [
    ['any', [0], 'SHOW SLAVE HOSTS'],
    ['mysql', [8, 0, 22], 'SHOW REPLICAS'],
    ['mariadb', [10, 5, 1], 'SHOW REPLICA HOSTS'],
  ],
  changeSource: [
    ['any', [0], 'CHANGE MASTER'],
    ['mysql', [8, 0, 23], 'CHANGE REPLICATION SOURCE'],
  ],
  sourceOption: [
    ['any', [0], 'MASTER_'],
    ['mysql', [8, 0, 23], 'SOURCE_'],
  ],
  resetPrimary: [
    ['any', [0], 'RESET MASTER'],
    ['mysql', [8, 4, 0], 'RESET BINARY LOGS AND GTIDS'],
  ],
  replica: [
    ['any', [0], 'SLAVE'],
    ['mysql', [8, 0, 22], 'REPLICA'],
    ['mariadb', [10, 5, 1], 'REPLICA'],
  ],
} as const satisfies Record<
  string,
  readonly (readonly ['any' | 'mysql' | 'mariadb', readonly number[], string])[]
>;

export function wordOf(name: keyof typeof words, { mariadb, version }: Dialect): string {
  const own = mariadb ? 'mariadb' : 'mysql';
  const fitting = words[name].filter(
    ([who, since]) => (who === 'any' || who === own) && reaches(version, since),
  );
  return fitting.at(-1)?.[2] ?? words[name][0][2];
}

function reaches(version: readonly number[], since: readonly number[]): boolean {
  for (const [index, number] of since.entries()) {
    const own = version[index] ?? 0;
    if (own !== number) return own > number;
  }
  return true;
}
