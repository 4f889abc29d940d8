import { type Filters, filter } from '../environment.ts';
import {
  first,
  isDocumentation,
  isGlobal,
  isInside,
  isLoopback,
  isMulticast,
  isShared,
  type Network,
  parseAddress,
  parseNetwork,
} from '../networks.ts';
import { iterate } from '../python.ts';

/** What Python's ipaddress takes for a network: without host bits. */
function network(value: unknown): Network | undefined {
  const found = typeof value === 'string' ? parseNetwork(withoutZone(value)) : undefined;
  return found !== undefined && first(found) === found.value ? found : undefined;
}

function address(value: unknown): Network | undefined {
  return typeof value === 'string' ? parseAddress(withoutZone(value)) : undefined;
}

/** Python's ipaddress takes the interface of a link-local address too: fe80::1%eth0. */
function withoutZone(value: string): string {
  return value.replace(/(:[^%]*)%[^%/]+/, '$1');
}

/** An IPv4 address that is written as IPv6 is what it is. */
function unmapped(v: Network): Network {
  const isMapped = v.version === 6 && v.value >> 32n === 0xffffn;
  return isMapped ? { version: 4, value: v.value & 0xffffffffn, prefix: 32 } : v;
}

const isOpen = (v: Network) => isGlobal(v) && !isDocumentation(v);

const ofNetwork = (holds: (v: Network) => boolean) =>
  filter([], (value) => {
    const v = network(value);
    return v !== undefined && holds(v);
  });

const ofAddress = (holds: (v: Network) => boolean) =>
  filter([], (value) => {
    const v = address(value);
    return v !== undefined && holds(v);
  });

function isIn(value: unknown, outer: unknown): boolean {
  const [small, large] = [network(value), network(outer)];
  return small !== undefined && large !== undefined && isInside(small, large);
}

const among = (value: unknown, networks: unknown) =>
  iterate(networks).filter((each) => isIn(value, each)).length;

const mac = /^(?:(?:[0-9a-f]{2}[:-]){5}[0-9a-f]{2}|(?:[0-9a-f]{4}\.){2}[0-9a-f]{4}|[0-9a-f]{12})$/i;

const tests: Filters = {
  in_any_network: filter(['networks!'], (value, [networks]) => among(value, networks) > 0),
  in_network: filter(['network!'], (value, [outer]) => isIn(value, outer)),
  in_one_network: filter(['networks!'], (value, [networks]) => among(value, networks) === 1),
  ip: ofNetwork(() => true),
  ip_address: ofAddress(() => true),
  ipv4: ofNetwork((v) => v.version === 4),
  ipv4_address: ofAddress((v) => v.version === 4),
  ipv6: ofNetwork((v) => v.version === 6),
  ipv6_address: ofAddress((v) => v.version === 6),
  loopback: ofAddress((v) => isLoopback(unmapped(v))),
  mac: filter([], (value) => typeof value === 'string' && mac.test(value)),
  multicast: ofAddress((v) => isMulticast(unmapped(v))),
  private: ofAddress((v) => !isOpen(unmapped(v)) && !isShared(unmapped(v))),
  public: ofAddress((v) => isOpen(unmapped(v))),
  subnet_of: filter(['network!'], (value, [outer]) => isIn(value, outer)),
  supernet_of: filter(['network!'], (value, [inner]) => isIn(inner, value)),
  unspecified: ofAddress((v) => v.value === 0n),
};

/** Tests of ansible.utils, which ansible-core knows by their full names only. */
export const addresses: Filters = Object.fromEntries(
  Object.entries(tests).map(([name, test]) => [`ansible.utils.${name}`, test]),
);
