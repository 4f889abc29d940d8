import { join } from 'node:path';
import { ExitCode, ProjectError } from '../errors.ts';
import type { Inventory, InventoryHost } from '../inventory/contract.ts';
import { loadInventory } from '../inventory/load.ts';
import type { LabHost, LabPlan } from '../lab/contract.ts';
import * as lab from '../lab/lab.ts';
import { unlock } from './unlock.ts';

export interface LabCommand {
  readonly action: 'up' | 'down' | 'status' | 'exec' | 'destroy' | 'stop' | 'start' | 'cut' | 'join';
  readonly inventory: string;
  readonly host?: string;
  readonly command?: string[];
  /** stop: cut the power instead of shutting down. */
  readonly hard?: boolean;
  /** start: leave known_hosts as it is when the host comes back with a new key. */
  readonly keepKnownHosts?: boolean;
}

/** Does one lab command and tells its progress on stdout. `exec` ends with the inner command's exit code. */
export async function runLab(command: LabCommand): Promise<ExitCode> {
  await unlock();
  const plan = labPlan(loadInventory(command.inventory));
  const say = (line: string): void => {
    process.stdout.write(`${line}\n`);
  };
  const host = command.host ?? '';
  switch (command.action) {
    case 'up':
      await lab.up(plan, say);
      say(`the lab is up; its client key and known_hosts are in ${plan.directory}`);
      break;
    case 'down':
      await lab.down(plan, say);
      break;
    case 'status':
      return showStatus(await lab.status(plan), say);
    case 'exec':
      return (await lab.attach(plan, host, command.command ?? ['/bin/sh'])) as ExitCode;
    case 'destroy':
      await lab.destroy(plan, host, say);
      break;
    case 'stop':
      await lab.stop(plan, host, say, { hard: command.hard ?? false });
      break;
    case 'start':
      await lab.start(plan, host, say, { keepKnownHosts: command.keepKnownHosts ?? false });
      break;
    case 'cut':
      await lab.cut(plan, host, say);
      break;
    case 'join':
      await lab.join(plan, host, say);
      break;
  }
  return ExitCode.done;
}

/**
 * What the lab needs of an inventory: `ansible_host`, `address6` and `lab_image` of each host, `site_names`, and what
 * these lead to: the virtual addresses that balancers share, else the first host of group `balancer`.
 * @throws ProjectError for values that cannot be known without templates
 */
export function labPlan(inventory: Inventory): LabPlan {
  const hosts = [...inventory.hosts.values()].map((host): LabHost => {
    const address = plain(host, 'ansible_host') ?? plain(host, 'address') ?? '';
    const address6 = plain(host, 'address6');
    const twin = plain(host, 'lab_image') === 'twin';
    return { name: host.name, address, ...(address6 && { address6 }), ...(twin && { image: 'twin' }) };
  });
  const balancers = inventory.groups.get('balancer') ?? [];
  const first = inventory.hosts.get(balancers[0] ?? hosts[0]?.name ?? '');
  const names = first && variable(first, 'site_names');
  return {
    inventory: inventory.file,
    directory: join(inventory.stateDirectory, 'lab'),
    hosts,
    places: new Map([...inventory.hosts.values()].map(({ name, place }) => [name, place])),
    site: {
      names: plainNames(names) ?? ['www.foobar.com', 'foobar.com'],
      addresses: siteAddresses(balancers.flatMap((name) => inventory.hosts.get(name) ?? [])),
    },
  };
}

function siteAddresses([first, ...others]: readonly InventoryHost[]): string[] {
  if (!first) return [];
  const own = ['ansible_host', 'address6'];
  const shared = ['balancer_virtual_address', 'balancer_virtual_address6'];
  const read = (variables: readonly string[]) => variables.flatMap((name) => plain(first, name) || []);
  const virtual = others.length > 0 ? read(shared) : [];
  return virtual.length > 0 ? virtual : read(own);
}

function plainNames(value: unknown): string[] | undefined {
  const plain =
    Array.isArray(value) && value.every((name) => typeof name === 'string' && !name.includes('{{'));
  return plain ? [...new Set<string>(value)] : undefined;
}

function plain(host: InventoryHost, name: string): string | undefined {
  const value = variable(host, name);
  if (value === undefined || value === null) return undefined;
  if (typeof value === 'string' && !value.includes('{{')) return value;
  const message = `${host.name}: the lab needs ${name} as a plain address`;
  throw new ProjectError([{ message, place: host.place, severity: 'error' }]);
}

function variable(host: InventoryHost, name: string): unknown {
  return host.layers.findLast(({ values }) => Object.hasOwn(values, name))?.values[name];
}

function showStatus(
  hosts: readonly { readonly host: LabHost; readonly state: string }[],
  say: (line: string) => void,
): ExitCode {
  const width = Math.max(...hosts.map(({ host }) => host.name.length));
  for (const { host, state } of hosts)
    say(
      `${host.name.padEnd(width)}  ${host.address.padEnd(15)}  ${(host.address6 ?? '').padEnd(20)}  ${state}`,
    );
  return hosts.every(({ state }) => state === 'running') ? ExitCode.done : ExitCode.failed;
}
