import { connect, createServer, type Server, type Socket } from 'node:net';
import { controllerAddress, hosts } from './fleet.ts';

/** Milliseconds that everything takes on its way, in each direction. */
const oneWay = 25;

/** Passes connections on to the hosts' sshd as if they were 50 ms of round-trip time away. */
export async function startRelays(): Promise<{ stop(): void }> {
  const servers: Server[] = [];
  const open = new Set<Socket>();
  for (const host of hosts) {
    const server = createServer((client) => {
      const target = connect({ host: host.address, port: 22, noDelay: true });
      client.setNoDelay(true);
      for (const [from, to] of [
        [client, target],
        [target, client],
      ] as const) {
        open.add(from);
        from.on('data', (data) => void setTimeout(() => to.writable && to.write(data), oneWay));
        from.on('end', () => void setTimeout(() => to.end(), oneWay));
        from.on('error', () => to.destroy());
        from.on('close', () => open.delete(from));
      }
    });
    await new Promise<void>((resolve) => server.listen(host.relay, controllerAddress, resolve));
    servers.push(server);
  }
  return {
    stop: () => {
      for (const server of servers) server.close();
      for (const socket of open) socket.destroy();
    },
  };
}
