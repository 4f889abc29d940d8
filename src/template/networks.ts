import ipaddr from 'ipaddr.js';

/** An address with the size of the network around it, as Python's netaddr has them: 10.0.0.5/24. */
export interface Network {
  readonly version: 4 | 6;
  /** The address itself, host bits included. */
  readonly value: bigint;
  readonly prefix: number;
}

export function width(version: 4 | 6): number {
  return version === 4 ? 32 : 128;
}

/** An address without a prefix, as inet_pton takes it: four decimal numbers, or IPv6 without a zone. */
export function parseAddress(text: string): Network | undefined {
  if (/^(?:(?:0|[1-9]\d{0,2})(?:\.(?!$)|$)){4}$/.test(text)) {
    const parts = text.split('.').map(Number);
    if (parts.some((part) => part > 255)) return undefined;
    return { version: 4, value: parts.reduce((sum, part) => sum * 256n + BigInt(part), 0n), prefix: 32 };
  }
  if (!text.includes(':') || text.includes('%')) return undefined;
  const [, start = '', four] = /^(.*:)([\d.]+\.\d+)$/.exec(text) ?? [];
  if (four !== undefined) {
    const tail = parseAddress(four)?.value;
    const hex = tail?.toString(16).padStart(8, '0');
    return hex === undefined ? undefined : parseAddress(`${start}${hex.slice(0, 4)}:${hex.slice(4)}`);
  }
  if (!ipaddr.IPv6.isValid(text)) return undefined;
  const bytes = ipaddr.IPv6.parse(text).toByteArray();
  return { version: 6, value: bytes.reduce((sum, byte) => sum * 256n + BigInt(byte), 0n), prefix: 128 };
}

/** An address with or without a prefix: a number of bits, a netmask or a hostmask. */
export function parseNetwork(text: string): Network | undefined {
  const slash = text.indexOf('/');
  if (slash < 0) return parseAddress(text);
  const address = parseAddress(text.slice(0, slash));
  if (address === undefined) return undefined;
  const prefix = parsePrefix(text.slice(slash + 1), address.version);
  return prefix === undefined ? undefined : { ...address, prefix };
}

function parsePrefix(text: string, version: 4 | 6): number | undefined {
  if (/^\d+$/.test(text)) return Number(text) <= width(version) ? Number(text) : undefined;
  const mask = parseAddress(text);
  if (mask?.version !== version) return undefined;
  const bits = width(version);
  if (isNetmask(mask)) return bits - ones((mask.value ^ all(bits)) + 1n);
  return isHostmask(mask) ? bits - ones(mask.value + 1n) : undefined;
}

/** The exponent of a power of two. */
function ones(power: bigint): number {
  return power.toString(2).length - 1;
}

function all(bits: number): bigint {
  return (1n << BigInt(bits)) - 1n;
}

const isPower = (value: bigint) => (value & (value - 1n)) === 0n;

export function isNetmask({ version, value }: Network): boolean {
  return isPower((value ^ all(width(version))) + 1n);
}

export function isHostmask({ value }: Network): boolean {
  return isPower(value + 1n);
}

export function sizeOf({ version, prefix }: Network): bigint {
  return 1n << BigInt(width(version) - prefix);
}

export function hostmask(network: Network): bigint {
  return sizeOf(network) - 1n;
}

export function netmask(network: Network): bigint {
  return all(width(network.version)) ^ hostmask(network);
}

export function first(network: Network): bigint {
  return network.value & netmask(network);
}

export function last(network: Network): bigint {
  return first(network) | hostmask(network);
}

/** First and last address that hosts can have; undefined for a single address. */
export function usable(network: Network): [bigint, bigint] | undefined {
  const size = sizeOf(network);
  if (size === 1n) return undefined;
  const rim = size === 2n ? 0n : 1n;
  return [first(network) + rim, last(network) - rim];
}

/** The network of which it is part, without host bits. */
export function cidr(network: Network): Network {
  return { ...network, value: first(network) };
}

export function isInside(inner: Network, outer: Network): boolean {
  return inner.version === outer.version && first(outer) <= first(inner) && last(inner) <= last(outer);
}

/** An address as inet_ntop writes it. */
export function addressText(version: 4 | 6, value: bigint): string {
  if (version === 4) return [24n, 16n, 8n, 0n].map((bits) => (value >> bits) & 255n).join('.');
  const groups = Array.from({ length: 8 }, (_group, index) =>
    Number((value >> BigInt(112 - 16 * index)) & 65535n),
  );
  const [start, length] = longestZeros(groups);
  const hex = (some: readonly number[]) => some.map((group) => group.toString(16)).join(':');
  // An IPv4 address in an IPv6 one.
  if (start === 0 && (length === 6 || (length === 5 && groups[5] === 0xffff)))
    return `::${length === 5 ? 'ffff:' : ''}${addressText(4, value & 0xffffffffn)}`;
  return length < 2 ? hex(groups) : `${hex(groups.slice(0, start))}::${hex(groups.slice(start + length))}`;
}

function longestZeros(groups: readonly number[]): [number, number] {
  let best: [number, number] = [0, 0];
  for (let start = 0; start < groups.length; start += 1) {
    let end = start;
    while (groups[end] === 0) end += 1;
    if (end - start > best[1]) best = [start, end - start];
  }
  return best;
}

export function networkText({ version, value, prefix }: Network): string {
  return `${addressText(version, value)}/${prefix}`;
}

const parsed = (texts: string) =>
  texts
    .trim()
    .split(/\s+/)
    .map((text) => parseNetwork(text) as Network);

const loopbacks = parsed('127.0.0.0/8 ::1/128');
const multicasts = parsed('224.0.0.0/4 ff00::/8');
const linkLocals = parsed('169.254.0.0/16 fe80::/10');
/** Of IANA's registries of special addresses, those that are not reachable from everywhere. */
const local = parsed(`0.0.0.0/8 10.0.0.0/8 100.64.0.0/10 127.0.0.0/8 169.254.0.0/16 172.16.0.0/12 192.0.0.0/24
  192.0.2.0/24 192.168.0.0/16 198.18.0.0/15 198.51.100.0/24 203.0.113.0/24 240.0.0.0/4
  ::1/128 ::/128 ::ffff:0:0/96 64:ff9b:1::/48 100::/64 2001::/23 2001:db8::/32 2002::/16 fc00::/7 fe80::/10`);
const notLocal = parsed(`192.0.0.9/32 192.0.0.10/32
  2001:1::1/128 2001:1::2/128 2001:3::/32 2001:4:112::/48 2001:20::/28 2001:30::/28`);
/** Which Python's ipaddress adds to them (RFC 9637). */
const documentation = parsed('3fff::/20');

const within = (network: Network, some: readonly Network[]) => some.some((each) => isInside(network, each));

export const isLoopback = (network: Network) => within(network, loopbacks);
export const isMulticast = (network: Network) => within(network, multicasts);
export const isLinkLocal = (network: Network) => within(network, linkLocals);
export const isGlobal = (network: Network) => !within(network, local) || within(network, notLocal);
export const isDocumentation = (network: Network) => within(network, documentation);
/** Shared by carriers (RFC 6598): neither private nor global to Python's ipaddress. */
export const isShared = (network: Network) => within(network, parsed('100.64.0.0/10'));
