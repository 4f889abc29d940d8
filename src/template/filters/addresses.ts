import { TaskFailure } from '../../errors.ts';
import { type Filters, filter } from '../environment.ts';
import {
  addressText,
  cidr,
  first,
  hostmask,
  isGlobal,
  isHostmask,
  isInside,
  isLinkLocal,
  isLoopback,
  isMulticast,
  isNetmask,
  last,
  type Network,
  netmask,
  networkText,
  parseNetwork,
  sizeOf,
  usable,
  width,
} from '../networks.ts';
import { isInt, whole } from '../numbers.ts';
import { isTrue, text } from '../python.ts';

/** What a query is asked of: the address, how it was written, and whether it had a prefix. */
interface Asked {
  readonly v: Network;
  readonly value: string;
  readonly isNetwork: boolean;
}

type Query = (asked: Asked) => unknown;

const ip = ({ v }: Asked) => addressText(v.version, v.value);
const is = (holds: (v: Network) => boolean): Query => {
  return ({ v, value }) => (holds(v) ? value : null);
};
const single = (v: Network): Network => ({ ...v, prefix: width(v.version) });
/** netaddr knows no broadcast address of networks of one or two. */
const hasBroadcast = (v: Network) => sizeOf(v) > 2n;
const atNetwork = (v: Network) => v.value === first(v);
const at = (v: Network, value: bigint) => addressText(v.version, value);

/** A query that only networks answer. */
function ofNetwork(query: (v: Network) => unknown): Query {
  return ({ v, isNetwork }) => {
    if (!isNetwork) throw new TaskFailure('Not a network address');
    return query(v);
  };
}

function neighbour(v: Network, step: bigint): string | null {
  const [low, high] = usable(v) ?? [1n, 0n];
  const next = v.value + step;
  return low <= next && next <= high ? at(v, next) : null;
}

const hostAndPrefix: Query = ({ v }) =>
  sizeOf(v) > 2n && (atNetwork(v) || v.value === last(v)) ? false : networkText(v);

const host: Query = ({ v }) =>
  sizeOf(v) === 1n || !atNetwork(v) || !hasBroadcast(v) ? networkText(v) : null;

const address: Query = (asked) => {
  const { v } = asked;
  return sizeOf(v) === 1n || !atNetwork(v) || !hasBroadcast(v) || v.version === 6 ? ip(asked) : null;
};

/** `render` for what has a prefix of its own that is not a whole network. */
const withPrefix = (render: (v: Network) => string): Query => {
  return ({ v }) => (sizeOf(v) === 2n || (sizeOf(v) > 1n && !atNetwork(v)) ? render(v) : null);
};

function sixToFour(asked: Asked): unknown {
  const { v, value, isNetwork } = asked;
  if (v.version === 6) {
    const inside = isInside(single(v), parseNetwork('2002::/16') as Network);
    return inside && (!isNetwork || !atNetwork(v)) ? value : false;
  }
  if (sizeOf(v) > 1n && atNetwork(v)) return false;
  const alone = { v: single(v), value: ip(asked), isNetwork: false };
  if (!queries.public!(alone) && !queries.private!(alone)) return false;
  const hex = v.value.toString(16).padStart(8, '0');
  return `2002:${hex.slice(0, 4)}:${hex.slice(4)}::1/48`;
}

function toFour({ v, value }: Asked): unknown {
  if (v.version === 4) return value;
  const mapped = v.value >> 32n === 0xffffn;
  if ((!mapped && v.value > 0xffffffffn) || v.prefix < 96) return false;
  return networkText({ version: 4, value: v.value & 0xffffffffn, prefix: v.prefix - 96 });
}

function toSix({ v, value }: Asked): unknown {
  if (v.version === 6) return value;
  return networkText({ version: 6, value: 0xffff00000000n + v.value, prefix: v.prefix + 96 });
}

function reverse({ v }: Asked): string {
  if (v.version === 4) return `${at(v, v.value).split('.').reverse().join('.')}.in-addr.arpa.`;
  return `${[...v.value.toString(16).padStart(32, '0')].reverse().join('.')}.ip6.arpa.`;
}

function peer(v: Network): string {
  if (sizeOf(v) === 2n) return at(v, v.value ^ 1n);
  if (sizeOf(v) !== 4n) throw new TaskFailure('Not a point-to-point network');
  if (v.value % 4n === 0n) throw new TaskFailure('Network address of /30 has no peer');
  if (v.value % 4n === 3n) throw new TaskFailure('Broadcast address of /30 has no peer');
  return at(v, v.value ^ 3n);
}

const queries: Readonly<Record<string, Query>> = {
  '': ({ v, isNetwork }) => (isNetwork ? networkText(v) : at(v, v.value)),
  '6to4': sixToFour,
  address,
  ip: address,
  'address/prefix': hostAndPrefix,
  'host/prefix': hostAndPrefix,
  gateway: hostAndPrefix,
  gw: hostAndPrefix,
  hostnet: hostAndPrefix,
  router: hostAndPrefix,
  bool: () => true,
  broadcast: ({ v }) => (sizeOf(v) > 2n ? at(v, last(v)) : null),
  cidr: ({ v }) => networkText(v),
  first_usable: ofNetwork((v) => {
    const range = usable(v);
    return range === undefined ? null : at(v, range[0]);
  }),
  host,
  hostmask: ({ v }) => at(v, hostmask(v)),
  wildcard: ({ v }) => at(v, hostmask(v)),
  int: ({ v, isNetwork }) => (isNetwork ? `${v.value}/${v.prefix}` : whole(v.value)),
  'ip/prefix': withPrefix(networkText),
  ip_netmask: withPrefix((v) => `${at(v, v.value)} ${at(v, netmask(v))}`),
  ipv4: toFour,
  v4: toFour,
  ipv6: toSix,
  v6: toSix,
  last_usable: ofNetwork((v) => {
    const range = usable(v);
    return range === undefined ? null : at(v, range[1]);
  }),
  'link-local': is((v) => isLinkLocal(single(v))),
  lo: is((v) => isLoopback(single(v))),
  loopback: is((v) => isLoopback(single(v))),
  multicast: is(isMulticast),
  net: ({ v }) => (sizeOf(v) > 1n && atNetwork(v) ? networkText(v) : null),
  netmask: ({ v }) => at(v, netmask(v)),
  network: ({ v }) => at(v, first(v)),
  network_id: ({ v }) => at(v, first(v)),
  'network/prefix': ({ v }) => networkText(cidr(v)),
  subnet: ({ v }) => networkText(cidr(v)),
  network_netmask: ({ v }) => `${at(v, first(v))} ${at(v, netmask(v))}`,
  network_wildcard: ({ v }) => `${at(v, first(v))} ${at(v, hostmask(v))}`,
  next_usable: ofNetwork((v) => neighbour(v, 1n)),
  previous_usable: ofNetwork((v) => neighbour(v, -1n)),
  peer: ofNetwork(peer),
  prefix: ({ v }) => v.prefix,
  private: is((v) => !isGlobal(single(v))),
  public: is((each) => {
    const v = single(each);
    return !isMulticast(v) && isGlobal(v) && !isLoopback(v) && !isNetmask(v) && !isHostmask(v);
  }),
  range_usable: ofNetwork(
    (v) =>
      usable(v)
        ?.map((each) => at(v, each))
        .join('-') ?? null,
  ),
  revdns: reverse,
  size: ({ v }) => whole(sizeOf(v)),
  size_usable: ({ v }) => whole(sizeOf(v) < 2n ? 0n : sizeOf(v) === 2n ? 2n : sizeOf(v) - 2n),
  type: ({ v }) => (sizeOf(v) === 1n || !atNetwork(v) ? 'address' : 'network'),
  unicast: is((v) => !isMulticast(v)),
  version: ({ v }) => v.version,
  wrap: ({ v, value, isNetwork }) => {
    if (v.version === 4) return value;
    return isNetwork ? `[${at(v, v.value)}]/${v.prefix}` : `[${at(v, v.value)}]`;
  },
};

function read(value: unknown, version: number | undefined): Asked | undefined {
  const written = text(value);
  if (/^\d+$/.test(written)) {
    const v = numbered(BigInt(written), version === 6 ? 6 : 4, 'all');
    return v && { v, value: networkText(v), isNetwork: false };
  }
  const isNetwork = written.split('/').length === 2;
  const v = parseNetwork(written);
  if (v !== undefined) return { v, value: written, isNetwork };
  const [, number, prefix] = /^(\d+)\/(\d+)$/.exec(written) ?? [];
  if (number === undefined) return undefined;
  const network = numbered(BigInt(number), 4, Number(prefix));
  return network && { v: network, value: networkText(network), isNetwork: true };
}

/** An address as a number; what does not fit into IPv4 is IPv6. */
function numbered(value: bigint, version: 4 | 6, prefix: number | 'all'): Network | undefined {
  const bits = prefix === 'all' ? width(version) : prefix;
  if (value < 1n << BigInt(width(version)) && bits <= width(version)) return { version, value, prefix: bits };
  return version === 4 ? numbered(value, 6, prefix) : undefined;
}

/** The filter ipaddr of ansible.utils: False for what is no address, or not one of this version. */
export function ask(value: unknown, query: unknown = '', version?: number, alias = 'ipaddr'): unknown {
  if (Array.isArray(value))
    return value.map((each) => ask(each, text(query), version, alias)).filter((each) => isTrue(each));
  if (!isTrue(value) || value === true) return false;
  const asked = read(value, version);
  if (asked === undefined) return false;
  const { v } = asked;
  const name = text(query);
  const known = Object.hasOwn(queries, name);
  const outer = known || /^\d+$/.test(name) ? undefined : read(name, undefined);
  if (version !== undefined && v.version !== version) return false;
  if (outer !== undefined) return isInside(v, outer.v) ? asked.value : null;
  if (known) return queries[name]!(asked);
  const index = Number(name);
  if (Number.isNaN(index) || name.trim() === '')
    throw new TaskFailure(
      `${alias}: unknown filter type: ${name}`,
      `there are ${Object.keys(queries).filter(Boolean).join(', ')}`,
    );
  if (sizeOf(v) === 1n) return asked.isNetwork ? networkText(v) : at(v, v.value);
  const found = Number.isInteger(index) && !name.includes('.') ? nth(v, BigInt(name)) : undefined;
  return found === undefined ? false : `${at(v, found)}/${v.prefix}`;
}

/** The address at a place in a network, from its end if it is negative. */
export function nth(v: Network, index: bigint): bigint | undefined {
  const size = sizeOf(v);
  if (index >= size || index < -size) return undefined;
  return index < 0n ? last(v) + index + 1n : first(v) + index;
}

function ofKind(alias: string, version?: number) {
  return (value: unknown, query: unknown) => {
    if (!(Array.isArray(value) || typeof value === 'string' || isInt(value)))
      throw new TaskFailure(
        `Unrecognized type for ${alias} filter`,
        'it takes a text, a number or a list of them',
      );
    return ask(value, query, version, alias);
  };
}

function wrapped(value: unknown): unknown {
  if (typeof value !== 'string' && typeof value !== 'boolean')
    throw new TaskFailure('Unrecognized type for ipwrap filter', 'it takes a text or a list of them');
  try {
    const plain = ask(value, '', undefined, 'ipwrap');
    return isTrue(plain) ? ask(plain, 'wrap') : value;
  } catch {
    return value;
  }
}

/** Filters of ansible.utils that look at an address. */
export const addresses: Filters = {
  ipaddr: filter(['query', 'version', 'alias'], (value, [query, version, alias]) =>
    ofKind(alias === undefined ? 'ipaddr' : text(alias), version === undefined ? undefined : Number(version))(
      value,
      query,
    ),
  ),
  ipv4: filter(['query'], (value, [query]) => ofKind('ipv4', 4)(value, query)),
  ipv6: filter(['query'], (value, [query]) => ofKind('ipv6', 6)(value, query)),
  ipwrap: filter([], (value) => (Array.isArray(value) ? value.map(wrapped) : wrapped(value))),
};
