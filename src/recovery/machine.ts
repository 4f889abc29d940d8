import type { Host, HostReader } from '../host/contract.ts';
import { sh } from '../host/sh.ts';

/** Written when a rebuild begins, and taken away when it has ended: a run that finds it goes on. */
const begunFile = '/var/lib/foobar/rebuild';
const moved = 'new address';

/** What runs on a server, as far as it says whether the server is bare. */
export interface Machine {
  /** A rebuild has begun here and has not ended. */
  readonly begun: boolean;
  /** The rebuild that has begun gives the server a new address. */
  readonly hasMoved: boolean;
  /** foobar has changed something here before. */
  readonly isOurs: boolean;
  /** Units that run, of those asked for. */
  readonly running: readonly string[];
  /** What listens for others besides sshd: address, port and program. */
  readonly listening: readonly string[];
}

/** @param port of sshd, as this machine reaches it */
export async function readMachine(
  host: HostReader,
  units: readonly string[],
  port: number,
): Promise<Machine> {
  const { stdout } = await host.look(sh`[ ! -e ${begunFile} ] || echo begun
[ ! -d /var/lib/foobar ] || echo ours
! grep -qs ${moved} ${begunFile} || echo moved
for unit in ${units}; do ! systemctl is-active --quiet -- "$unit" || printf 'runs %s\n' "$unit"; done
command -v ss >/dev/null && ss -Hltnp | while read -r _ _ _ local _ program; do printf 'listens %s %s\n' "$local" "$program"; done`);
  return parseMachine(stdout, port);
}

/** Reads what `readMachine` prints. */
export function parseMachine(stdout: string, port: number): Machine {
  const lines = stdout.split('\n').map((line) => line.split(' '));
  const listening = lines.flatMap(([kind, address = '', program = '']) => {
    if (kind !== 'listens' || /^(127\.|\[::1\])/.test(address)) return [];
    const name = /"([^"]+)"/.exec(program)?.[1] ?? '';
    // systemd listens in the place of sshd where that is started for each connection.
    const isSsh = name === 'sshd' || address.endsWith(':22') || address.endsWith(`:${port}`);
    return isSsh ? [] : [name === '' ? address : `${name} on ${address}`];
  });
  return {
    begun: lines.some(([kind]) => kind === 'begun'),
    hasMoved: lines.some(([kind]) => kind === 'moved'),
    isOurs: lines.some(([kind]) => kind === 'ours'),
    running: lines.flatMap(([kind, unit]) => (kind === 'runs' && unit !== undefined ? [unit] : [])),
    listening: [...new Set(listening)],
  };
}

export async function noteBeginning(host: Host, isNewAddress: boolean): Promise<void> {
  const note = `${new Date().toISOString()}${isNewAddress ? ` ${moved}` : ''}\n`;
  await host.write(begunFile, note, { mode: 0o600, parents: true });
}

export async function noteEnd(host: Host): Promise<void> {
  await host.run(sh`rm -f -- ${begunFile}`);
}
