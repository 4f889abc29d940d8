import { sh } from '../host/sh.ts';
import { type Finding, finding, type Site, text } from './contract.ts';
import { httpsGet } from './probe.ts';

/** The site answers at the addresses that its names lead to, no two balancers have one, and each is ready to. */
export async function verifyVirtualAddresses(site: Site): Promise<Finding[]> {
  const balancers = site.group('balancer');
  const [first = ''] = balancers;
  const addresses = first === '' ? [] : (site.variable(first, 'balancer_virtual_addresses') as string[]);
  if (!addresses || addresses.length === 0) return [];
  const owners = new Map<string, string[]>(addresses.map((address) => [address, []]));
  const ready = await Promise.all(
    balancers.map((balancer) =>
      finding(site, 'balancer', balancer, 'is ready to take the virtual addresses over', async () => {
        const host = site.reader(balancer);
        const [unit, ...found] = await Promise.all([
          host.look(sh`systemctl is-active keepalived`, { expect: 'any' }),
          ...addresses.map((address) => host.look(sh`ip -o address show to ${address}`)),
        ]);
        for (const [index, { stdout }] of found.entries())
          if (stdout !== '') owners.get(addresses[index]!)!.push(balancer);
        return { kept: unit.code === 0, seen: `keepalived is ${unit.stdout.trim()}` };
      }),
    ),
  );
  const variable = (name: string) => text(site, first, name);
  const answering = [...owners].map(([address, having]) =>
    finding(site, 'site', '', `https://${variable('site_name')} at ${address}, of one balancer`, async () => {
      const path = variable('app_health_path') || '/';
      const { status } = await httpsGet(address, variable('site_name'), path, variable('site_ca_file'));
      return {
        kept: status === 200 && having.length <= 1,
        seen: `status ${status}; ${having.join(' and ') || 'no balancer that could be asked'} has it`,
      };
    }),
  );
  return [...ready, ...(await Promise.all(answering))];
}
