import ipaddr from 'ipaddr.js';
import type { ReadSection } from './facts-script.ts';

interface Address {
  readonly family: string;
  readonly local: string;
  readonly prefixlen: number;
  readonly scope: string;
  readonly broadcast?: string;
}

interface Link {
  readonly ifname: string;
  readonly address?: string;
  readonly mtu: number;
  readonly link_type: string;
  readonly operstate: string;
  readonly flags: readonly string[];
  readonly addr_info: readonly Address[];
}

interface Route {
  readonly dev?: string;
  readonly gateway?: string;
  readonly prefsrc?: string;
  readonly metric?: number;
}

interface Local {
  readonly dst: string;
}

/** Ansible's network facts from `ip -j`: addresses, default routes of both families. Empty without iproute2. */
export function readNetwork(get: ReadSection): Record<string, unknown> {
  const links = read<Link>(get('addresses'));
  const all = (family: string, skip: (address: Address) => boolean) =>
    links.flatMap((link) =>
      link.addr_info.filter((item) => item.family === family && !skip(item)).map((item) => item.local),
    );
  const files = new Map(
    [...get('links').matchAll(/^\/sys\/class\/net\/([^/]+\/\w+):(.*)$/gm)].map(([, name, value = '']) => [
      name!,
      value,
    ]),
  );
  const reachable = (section: 'local4' | 'local6') => read<Local>(get(section)).map((route) => route.dst);
  return {
    interfaces: links.map((link) => link.ifname),
    all_ipv4_addresses: all('inet', (item) => item.local.startsWith('127.')),
    all_ipv6_addresses: all('inet6', (item) => item.local === '::1'),
    default_ipv4: defaultRoute('inet', links, read<Route>(get('route4'))),
    default_ipv6: defaultRoute('inet6', links, read<Route>(get('route6'))),
    locally_reachable_ips: { ipv4: reachable('local4'), ipv6: reachable('local6') },
    ...Object.fromEntries(links.map((link) => [link.ifname.replace(/[-.:]/g, '_'), describe(link, files)])),
  };
}

function read<T>(json: string): T[] {
  // iproute2 prints empty objects for what it filtered out.
  const items = json === '' ? [] : (JSON.parse(json) as T[]);
  return items.filter((item) => Object.keys(item as object).length > 0);
}

function describe(link: Link, files: ReadonlyMap<string, string>): Record<string, unknown> {
  const v4 = link.addr_info.filter((item) => item.family === 'inet').map(ipv4);
  const v6 = link.addr_info
    .filter((item) => item.family === 'inet6')
    .map((item) => ({ address: item.local, prefix: String(item.prefixlen), scope: item.scope }));
  const speed = Number(files.get(`${link.ifname}/speed`) ?? 0);
  const driver = files.get(`${link.ifname}/module`)?.split('/').at(-1);
  return {
    device: link.ifname,
    active: link.flags.includes('UP'),
    mtu: link.mtu,
    type: files.get(`${link.ifname}/kind`) ?? kindOf(link),
    promisc: link.flags.includes('PROMISC'),
    ...(speed > 0 ? { speed } : {}),
    ...(driver === undefined ? {} : { module: driver }),
    ...(link.address && link.address !== '00:00:00:00:00:00' ? { macaddress: link.address } : {}),
    ...(v4.length > 0 ? { ipv4: v4[0] } : {}),
    ...(v4.length > 1 ? { ipv4_secondaries: v4.slice(1) } : {}),
    ...(v6.length > 0 ? { ipv6: v6 } : {}),
  };
}

/** Ansible's words for ARPHRD_ types. */
function kindOf({ link_type }: Link): string {
  const kinds: Record<string, string> = {
    ether: 'ether',
    loopback: 'loopback',
    infiniband: 'infiniband',
    none: 'tunnel',
  };
  return kinds[link_type] ?? 'unknown';
}

function ipv4(item: Address): Record<string, unknown> {
  const cidr = `${item.local}/${item.prefixlen}`;
  return {
    address: item.local,
    prefix: String(item.prefixlen),
    netmask: ipaddr.IPv4.subnetMaskFromPrefixLength(item.prefixlen).toString(),
    network: ipaddr.IPv4.networkAddressFromCIDR(cidr).toString(),
    broadcast: item.broadcast ?? '',
  };
}

/** The address that traffic to the outside comes from; an empty object when there is no default route, as in Ansible. */
function defaultRoute(
  family: 'inet' | 'inet6',
  links: readonly Link[],
  routes: readonly Route[],
): Record<string, unknown> {
  const route = [...routes].sort((left, right) => (left.metric ?? 0) - (right.metric ?? 0))[0];
  const link = links.find((item) => item.ifname === route?.dev);
  if (!route || !link) return {};
  const own = link.addr_info.filter((item) => item.family === family && item.scope === 'global');
  const item = own.find((address) => address.local === route.prefsrc) ?? own[0];
  return {
    interface: link.ifname,
    ...(route.gateway ? { gateway: route.gateway } : {}),
    ...(link.address ? { macaddress: link.address } : {}),
    mtu: link.mtu,
    type: kindOf(link),
    ...(item === undefined
      ? {}
      : family === 'inet'
        ? { ...ipv4(item), alias: link.ifname }
        : { address: item.local, prefix: String(item.prefixlen), scope: item.scope }),
  };
}
