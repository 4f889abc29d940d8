import ipaddr from 'ipaddr.js';
import { TaskFailure } from '../../errors.ts';
import { type Filters, filter } from '../environment.ts';
import { text } from '../python.ts';

type Address = ipaddr.IPv4 | ipaddr.IPv6;

interface Network {
  readonly address: Address;
  readonly prefix: number;
  readonly hasPrefix: boolean;
}

function read(value: unknown): Network | undefined {
  if (typeof value !== 'string') return undefined;
  const [host = '', mask] = value.split('/');
  if (!ipaddr.isValid(host) || (!host.includes(':') && !ipaddr.IPv4.isValidFourPartDecimal(host)))
    return undefined;
  const address = ipaddr.parse(host);
  const bits = address.kind() === 'ipv4' ? 32 : 128;
  if (mask === undefined) return { address, prefix: bits, hasPrefix: false };
  const prefix = /^\d+$/.test(mask)
    ? Number(mask)
    : ipaddr.IPv4.isValidFourPartDecimal(mask)
      ? ipaddr.IPv4.parse(mask).prefixLengthFromSubnetMask()
      : null;
  return prefix === null || prefix > bits ? undefined : { address, prefix, hasPrefix: true };
}

const bitsOf = (address: Address) => (address.kind() === 'ipv4' ? 32 : 128);
const toNumber = (address: Address) =>
  address.toByteArray().reduce((sum, byte) => sum * 256n + BigInt(byte), 0n);

function fromNumber(number: bigint, bits: number): string {
  const bytes = Array.from({ length: bits / 8 }, (_byte, index) =>
    Number((number >> BigInt(bits - 8 * (index + 1))) & 255n),
  );
  return ipaddr.fromByteArray(bytes).toString();
}

/** First and last address of the network that this one is in. */
function range({ address, prefix }: Network): [bigint, bigint] {
  const size = 1n << BigInt(bitsOf(address) - prefix);
  const first = (toNumber(address) / size) * size;
  return [first, first + size - 1n];
}

const isPrivate = (address: Address) => ['private', 'uniqueLocal'].includes(address.range());

const queries: Readonly<Record<string, (network: Network) => unknown>> = {
  address: ({ address }) => address.toString(),
  ip: ({ address }) => address.toString(),
  host: ({ address, prefix }) => `${address}/${prefix}`,
  'host/prefix': ({ address, prefix, hasPrefix }) => hasPrefix && `${address}/${prefix}`,
  'ip/prefix': ({ address, prefix, hasPrefix }) => hasPrefix && `${address}/${prefix}`,
  prefix: ({ prefix }) => prefix,
  version: ({ address }) => (address.kind() === 'ipv4' ? 4 : 6),
  type: (network) => (queries.net!(network) === false ? 'address' : 'network'),
  network: (network) => fromNumber(range(network)[0], bitsOf(network.address)),
  subnet: (network) => `${queries.network!(network)}/${network.prefix}`,
  'network/prefix': (network) => `${queries.network!(network)}/${network.prefix}`,
  net: (network) =>
    network.hasPrefix && range(network)[0] === toNumber(network.address) && queries.subnet!(network),
  netmask: ({ address, prefix }) =>
    fromNumber(((1n << BigInt(prefix)) - 1n) << BigInt(bitsOf(address) - prefix), bitsOf(address)),
  broadcast: (network) =>
    network.address.kind() === 'ipv4' && network.prefix < 31 ? fromNumber(range(network)[1], 32) : false,
  size: (network) => Number(range(network)[1] - range(network)[0] + 1n),
  first_usable: (network) =>
    fromNumber(range(network)[0] + (network.prefix < 31 ? 1n : 0n), bitsOf(network.address)),
  last_usable: (network) =>
    fromNumber(
      range(network)[1] - (network.address.kind() === 'ipv4' && network.prefix < 31 ? 1n : 0n),
      bitsOf(network.address),
    ),
  int: ({ address }) => Number(toNumber(address)),
  revdns: ({ address }) =>
    address.kind() === 'ipv4'
      ? `${address.toString().split('.').reverse().join('.')}.in-addr.arpa.`
      : `${[...toNumber(address).toString(16).padStart(32, '0')].reverse().join('.')}.ip6.arpa.`,
  private: (network) => isPrivate(network.address) && written(network),
  public: (network) => network.address.range() === 'unicast' && written(network),
  loopback: (network) => network.address.range() === 'loopback' && written(network),
  'link-local': (network) => network.address.range() === 'linkLocal' && written(network),
  multicast: (network) => network.address.range() === 'multicast' && written(network),
};

function written({ address, prefix, hasPrefix }: Network): string {
  return hasPrefix ? `${address}/${prefix}` : address.toString();
}

function ask(value: unknown, query: unknown, kind?: 'ipv4' | 'ipv6'): unknown {
  if (Array.isArray(value))
    return value.map((each) => ask(each, query, kind)).filter((each) => each !== false);
  const network = read(value);
  if (!network || (kind && network.address.kind() !== kind)) return false;
  if (query === undefined || query === '' || query === kind) return written(network);
  if (typeof query === 'number' || /^-?\d+$/.test(text(query))) {
    const [first, last] = range(network);
    const number = BigInt(text(query));
    const found = number < 0n ? last + 1n + number : first + number;
    return (
      found >= first && found <= last && `${fromNumber(found, bitsOf(network.address))}/${network.prefix}`
    );
  }
  const name = text(query);
  if (Object.hasOwn(queries, name)) return queries[name]!(network);
  const outer = read(name);
  if (!outer)
    throw new TaskFailure(`ipaddr knows no query '${name}'`, `use ${Object.keys(queries).join(', ')}`);
  if (outer.address.kind() !== network.address.kind()) return false;
  const [[low, high], [first, last]] = [range(outer), range(network)];
  return low <= first && last <= high && written(network);
}

/** Filters for addresses and networks, of ansible.utils. */
export const addresses: Filters = {
  ipaddr: filter(['query'], (value, [query]) => ask(value, query)),
  ipv4: filter(['query'], (value, [query]) => ask(value, query, 'ipv4')),
  ipv6: filter(['query'], (value, [query]) => ask(value, query, 'ipv6')),
  ipwrap: filter(['query'], (value) => {
    const [address, prefix] = text(value).split('/');
    if (read(value)?.address.kind() !== 'ipv6') return value;
    return `[${address}]${prefix === undefined ? '' : `/${prefix}`}`;
  }),
};
