import { Fleet } from './fleet.ts';
import type { LiveHost } from './live-host.ts';
import { localConnection } from './local-connection.ts';

/** This machine as a host, through the same shell and frames as a remote one, as the user that runs this process. */
export async function openLocalHost(
  options: { readOnly?: boolean; output?: (line: string) => void } = {},
): Promise<LiveHost & { close(): Promise<void> }> {
  const fleet = new Fleet({
    settings: (name) => ({
      name,
      connection: 'local',
      address: 'localhost',
      port: 0,
      user: 'login',
      identityFiles: [],
      identitiesOnly: true,
      knownHostsFiles: [],
      connectTimeout: 10,
    }),
    connect: async () => localConnection(),
    forks: 1,
    readOnly: options.readOnly ?? false,
    owner: `process ${process.pid}`,
    output: (_host, line) => options.output?.(line),
  });
  return Object.assign(fleet.host('localhost', 'login'), { close: () => fleet.close() });
}
