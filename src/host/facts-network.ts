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
  readonly dst: string;
  /** unicast, when it is not told. */
  readonly type?: string;
  readonly dev?: string;
  readonly gateway?: string;
  readonly prefsrc?: string;
  readonly metric?: number;
}

/** iproute2 prints empty objects for what it filtered out. */
type Item = Link | Route | Record<string, never>;

/** What the kernel's files say of a link. */
interface More {
  readonly speed: number;
  readonly driver: string | undefined;
  readonly kind: string | undefined;
}

/** Ansible's network facts from `ip -j`: addresses, default routes of both families. Empty without iproute2. */
export function readNetwork(get: ReadSection): Record<string, unknown> {
  const four = read(get('addresses'));
  const six = read(get('addresses6'));
  const links = four.filter(isLink);
  const all = (family: string, skip: (address: Address) => boolean) =>
    links.flatMap((link) =>
      link.addr_info.filter((item) => item.family === family && !skip(item)).map((item) => item.local),
    );
  const about = (link: string) => `/sys/class/net/${link}/`;
  const more = (link: Link): More => ({
    speed: Number(lineAfter(get('speeds'), `${about(link.ifname)}speed:`) ?? 0),
    driver: lineAfter(get('drivers'), `${about(link.ifname)}device/driver/module `)
      ?.split('/')
      .at(-1),
    kind: ['bridge', 'bonding'].find((kind) =>
      get('kinds')
        .split('\n')
        .includes(`${about(link.ifname)}${kind}`),
    ),
  });
  const reachable = (items: readonly Item[]) =>
    items.filter(isRoute).flatMap((route) => (route.type === 'local' ? [route.dst] : []));
  return {
    interfaces: links.map((link) => link.ifname),
    all_ipv4_addresses: all('inet', (item) => item.local.startsWith('127.')),
    all_ipv6_addresses: all('inet6', (item) => item.local === '::1'),
    default_ipv4: defaultRoute('inet', links, four.filter(isRoute)),
    default_ipv6: defaultRoute('inet6', links, six.filter(isRoute)),
    locally_reachable_ips: { ipv4: reachable(four), ipv6: reachable(six) },
    ...Object.fromEntries(
      links.map((link) => [link.ifname.replace(/[-.:]/g, '_'), describe(link, more(link))]),
    ),
  };
}

/** What some commands of `ip` have printed, an array each. */
function read(text: string): Item[] {
  return text.split(/^(?=\[)/m).flatMap((json) => (json.trim() === '' ? [] : (JSON.parse(json) as Item[])));
}

function isLink(item: Item): item is Link {
  return 'addr_info' in item && 'ifname' in item;
}

function isRoute(item: Item): item is Route {
  return 'dst' in item;
}

function lineAfter(text: string, name: string): string | undefined {
  return text
    .split('\n')
    .find((line) => line.startsWith(name))
    ?.slice(name.length);
}

function describe(link: Link, { speed, driver, kind }: More): Record<string, unknown> {
  const v4 = link.addr_info.filter((item) => item.family === 'inet').map(ipv4);
  const v6 = link.addr_info
    .filter((item) => item.family === 'inet6')
    .map((item) => ({ address: item.local, prefix: String(item.prefixlen), scope: item.scope }));
  return {
    device: link.ifname,
    active: link.flags.includes('UP'),
    mtu: link.mtu,
    type: kind ?? kindOf(link),
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
  const route = routes
    .filter(({ dst }) => dst === 'default')
    .sort((left, right) => (left.metric ?? 0) - (right.metric ?? 0))[0];
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
