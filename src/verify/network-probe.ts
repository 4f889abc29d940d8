import { createSocket } from 'node:dgram';
import { connect, isIP } from 'node:net';
import type { HostReader } from '../host/contract.ts';
import { rawShell } from '../host/sh.ts';

/** A TCP port at an address of a host. */
export interface Target {
  readonly address: string;
  readonly port: number;
}

/**
 * What became of a connection: made; refused, so it came through and nothing listens (or a firewall rejects, which
 * looks the same); not answered or forbidden on the way; or there is no way to the address at all.
 */
export type State = 'open' | 'refused' | 'filtered' | 'no way';

/** A socket that something listens on. */
export interface Listener {
  readonly protocol: 'tcp' | 'udp';
  /** `*` for every address of both families, `0.0.0.0` and `::` for those of one. */
  readonly address: string;
  readonly port: number;
}

/** Connections that a host, or this machine, tries at once. */
const atOnce = 256;
/** A lost first packet is sent again after one second (RFC 6298). */
export const probeSeconds = 2;

const states: Readonly<Record<string, State>> = {
  'Connection refused': 'refused',
  ECONNREFUSED: 'refused',
  'Connection timed out': 'filtered',
  ETIMEDOUT: 'filtered',
  'Operation not permitted': 'filtered',
  EPERM: 'filtered',
  'Permission denied': 'filtered',
  EACCES: 'filtered',
  'Network is unreachable': 'no way',
  ENETUNREACH: 'no way',
  'No route to host': 'no way',
  EHOSTUNREACH: 'no way',
  'Cannot assign requested address': 'no way',
  EADDRNOTAVAIL: 'no way',
  'Address family not supported by protocol': 'no way',
  EAFNOSUPPORT: 'no way',
};

/**
 * bash connects (`/dev/tcp`); it belongs to Debian's essential packages. One process waits for all connections, and
 * ends those that are not answered. Its group is its own, made by timeout(1).
 */
function script(seconds: number): string {
  return `export LC_ALL=C
timeout -s KILL ${seconds + 60} bash -c '
n=0 probes=
while read -r address port; do
  n=$((n + 1))
  (e=$({ : 3<>"/dev/tcp/$address/$port"; } 2>&1) && echo "$address $port open" || echo "$address $port \${e##*: }") &
  probes="$probes $!"
done
echo "asked $n"
(sleep ${seconds}; kill -KILL 0) &
wait $probes
kill -KILL 0'`;
}

/**
 * Tries to connect from a host to all of them, side by side.
 * @throws Error when the host could not try them
 */
export async function probeFrom(
  reader: HostReader,
  targets: readonly Target[],
  seconds = probeSeconds,
): Promise<State[]> {
  const parts = Array.from({ length: Math.ceil(targets.length / atOnce) }, (_part, index) =>
    targets.slice(index * atOnce, (index + 1) * atOnce),
  );
  const found = await Promise.all(
    parts.map(async (part) => {
      const stdin = part.map(({ address, port }) => `${address} ${port}\n`).join('');
      const output = await reader.look(rawShell(script(seconds)), { stdin, expect: 'any' });
      return readProbes(output, part);
    }),
  );
  return found.flat();
}

/** What the script printed. @throws Error when it did not try all of them */
export function readProbes(
  { stdout, stderr }: { readonly stdout: string; readonly stderr: string },
  targets: readonly Target[],
): State[] {
  const lines = stdout.split('\n');
  if (!lines.includes(`asked ${targets.length}`))
    throw new Error(`connections could not be tried: ${stderr.trim() || 'bash did not start all of them'}`);
  const answers = new Map(
    lines.flatMap((line): [string, string][] => {
      const [, target = '', answer = ''] = /^(\S+ \d+) (.*)$/.exec(line) ?? [];
      return target ? [[target, answer]] : [];
    }),
  );
  return targets.map(({ address, port }) => {
    const answer = answers.get(`${address} ${port}`);
    return answer === undefined ? 'filtered' : stateOf(answer, `${address} port ${port}`);
  });
}

function stateOf(answer: string, where: string): State {
  const state = answer === 'open' ? 'open' : states[answer];
  if (state === undefined) throw new Error(`${where} could not be tried: ${answer}`);
  return state;
}

/** The same from this machine. */
export async function probeFromHere(targets: readonly Target[], seconds = probeSeconds): Promise<State[]> {
  const found: State[] = [];
  let next = 0;
  const worker = async (): Promise<void> => {
    for (let index = next++; index < targets.length; index = next++)
      found[index] = await connects(targets[index] as Target, seconds);
  };
  await Promise.all(Array.from({ length: Math.min(atOnce, targets.length) }, worker));
  return found;
}

function connects({ address, port }: Target, seconds: number): Promise<State> {
  return new Promise((resolve, reject) => {
    const socket = connect({ host: address, port });
    const timer = setTimeout(() => end('filtered'), seconds * 1000);
    const end = (state: State): void => {
      clearTimeout(timer);
      socket.destroy();
      resolve(state);
    };
    socket.on('connect', () => end('open'));
    socket.on('error', ({ code = '', message }: NodeJS.ErrnoException) => {
      if (states[code]) return end(states[code]);
      clearTimeout(timer);
      reject(new Error(`${address} port ${port} could not be tried: ${message}`));
    });
  });
}

/** The address that this machine talks from to another; undefined where it has no way there. Nothing is sent. */
export function addressTowards(address: string): Promise<string | undefined> {
  return new Promise((resolve) => {
    const socket = createSocket(isIP(address) === 6 ? 'udp6' : 'udp4');
    const end = (own: string | undefined): void => {
      socket.close();
      resolve(own);
    };
    socket.on('error', () => end(undefined));
    socket.connect(9, address, () => end(socket.address().address));
  });
}

/** Reads `ss -Hlntu`. */
export function readListeners(text: string): Listener[] {
  return text.split('\n').flatMap((line): Listener[] => {
    const [protocol, , , , local = ''] = line.trim().split(/\s+/);
    const [, address = '', port = ''] = /^(.*):(\d+)$/.exec(local) ?? [];
    if (!port || (protocol !== 'tcp' && protocol !== 'udp')) return [];
    return [
      { protocol, address: address.replace(/%[^\]]*/, '').replace(/^\[|\]$/g, ''), port: Number(port) },
    ];
  });
}

/** Whether a listener answers at an address. */
export function answersAt({ address: own }: Listener, address: string): boolean {
  if (own === '*' || own === address) return true;
  // Linux gives a socket of :: IPv4 too, unless it was made otherwise; ss prints * for those that have both.
  return own === (isIP(address) === 6 ? '::' : '0.0.0.0');
}
