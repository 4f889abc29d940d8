import { once } from 'node:events';
import { connect, createServer, type Server, type Socket } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Lab } from './lab.ts';

/** What went over the wire between two looks, all hosts together. */
export interface Wire {
  readonly connections: number;
  /** Of the connection where they are most: messages of both sides that waited for one another, TCP's own included. */
  readonly roundTrips: number;
  /** Bytes to the hosts, and from them. */
  readonly sent: number;
  readonly received: number;
}

export interface Relays {
  /** What has passed since the last call. */
  count(): Wire;
  stop(): void;
}

/**
 * Passes connections on to the hosts' sshd as if they were some milliseconds of round-trip time away: everything is
 * passed on after half of it, and a connection starts as TCP's would, the host's first byte being at the client
 * two round trips after its call.
 */
export async function startRelays(lab: Lab, roundTrip = 50): Promise<Relays> {
  const servers: Server[] = [];
  const open = new Set<Socket>();
  let chains: Chain[] = [];
  for (const host of lab.hosts) {
    const server = createServer({ noDelay: true, pauseOnConnect: true }, async (client) => {
      const chain = new Chain();
      chains.push(chain);
      open.add(client);
      client.on('error', () => undefined);
      client.on('close', () => open.delete(client));
      await sleep(1.5 * roundTrip);
      const target = connect({ host: host.address, port: 22, noDelay: true });
      open.add(target);
      target.on('close', () => open.delete(target));
      target.on('error', () => client.destroy());
      client.on('error', () => target.destroy());
      // The first bytes of the client have been under way while the connection was made.
      const met = performance.now();
      pass(client, target, (length) => chain.toHost(length, performance.now() - met < 1 ? 0 : roundTrip / 2));
      pass(target, client, (length) => chain.toClient(length, roundTrip / 2));
    });
    server.listen(host.relay, lab.bridge);
    await once(server, 'listening');
    servers.push(server);
  }
  return {
    count() {
      const wire = {
        connections: chains.length,
        roundTrips: Math.max(0, ...chains.map((chain) => chain.length)),
        sent: chains.reduce((sum, { sent }) => sum + sent, 0),
        received: chains.reduce((sum, { received }) => sum + received, 0),
      };
      chains = [];
      return wire;
    },
    stop() {
      for (const server of servers) server.close();
      for (const socket of open) socket.destroy();
    },
  };
}

/** Passes on what comes, in its order, when the delay that `note` gives is over. */
function pass(from: Socket, to: Socket, note: (length: number) => { delay: number; arrived(): void }): void {
  from.on('data', (data: Buffer) => {
    const { delay, arrived } = note(data.length);
    setTimeout(() => {
      arrived();
      if (to.writable) to.write(data);
    }, delay);
  });
  from.on('end', () => void setTimeout(() => to.end(), 30));
  from.resume();
}

/**
 * The longest chain of messages in one connection of which each was sent after the one before had arrived: it is that
 * many times that the round-trip time was waited for.
 */
class Chain {
  sent = 0;
  received = 0;
  /** Round trips when the connection stands and the host's banner is there. */
  length = 0;
  #atHost = 1;
  #atClient = 1;

  toHost(length: number, delay: number) {
    this.sent += length;
    const depth = this.#atClient;
    return {
      delay,
      arrived: () => {
        this.#atHost = Math.max(this.#atHost, depth);
      },
    };
  }

  toClient(length: number, delay: number) {
    this.received += length;
    const depth = this.#atHost + 1;
    return {
      delay,
      arrived: () => {
        this.#atClient = Math.max(this.#atClient, depth);
        this.length = this.#atClient;
      },
    };
  }
}
