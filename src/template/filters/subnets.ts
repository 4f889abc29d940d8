import { TaskFailure } from '../../errors.ts';
import { type Filters, filter } from '../environment.ts';
import {
  addressText,
  cidr,
  first,
  last,
  type Network,
  networkText,
  parseNetwork,
  sizeOf,
  usable,
  width,
} from '../networks.ts';
import { isInt } from '../numbers.ts';
import { isTrue, iterate, repr, text } from '../python.ts';
import { ask, nth } from './addresses.ts';

/** What ipaddr makes of a value: with its host bits where it is an address in a network. */
function network(value: unknown): Network | undefined {
  const type = ask(value, 'type');
  const found = type ? ask(value, type === 'address' ? 'cidr' : 'subnet') : false;
  return typeof found === 'string' ? parseNetwork(found) : undefined;
}

function whole(value: unknown, what: string): bigint {
  if (isInt(value)) return BigInt(value);
  if (typeof value === 'string' && /^[-+]?\d+$/.test(value)) return BigInt(value);
  throw new TaskFailure(`${what} must be a whole number, not ${repr(value)}`);
}

function subnet(value: unknown, query: unknown = '', index?: unknown): unknown {
  const given = network(value);
  if (given === undefined) return false;
  const v = cidr(given);
  const bits = width(v.version);
  const isNetwork = sizeOf(v) > 1n;
  if (!isTrue(query)) return networkText(v);
  if (!/^\d+$/.test(text(query))) return String(rank(v, text(query)));
  const size = Number(text(query));
  if (size > bits) return false;
  if (index === undefined || index === null) {
    if (!isNetwork) return supernet(v, size, 0);
    if (size < v.prefix) throw new TaskFailure(`Requested subnet size of ${size} is invalid`);
    return String(1n << BigInt(size - v.prefix));
  }
  const wanted = Number(whole(index, 'the index of a subnet'));
  if (!isNetwork)
    return wanted > bits + 1 - wanted || wanted < size - bits ? false : supernet(v, size, wanted);
  const count = 2 ** (size - v.prefix);
  const place = wanted < 0 ? wanted + count : wanted;
  if (place < 0 || place >= count) return false;
  const start = v.value + (BigInt(Math.trunc(place)) << BigInt(bits - size));
  return networkText({ ...v, value: start, prefix: size });
}

/** Of the networks around an address from this size on, the one at a place in the list. */
function supernet(v: Network, size: number, place: number): string {
  const count = v.prefix - size;
  const index = place < 0 ? count + place : place;
  if (index < 0 || index >= count) throw new TaskFailure('list index out of range');
  return networkText(cidr({ ...v, prefix: size + index }));
}

/** Which subnet of its size it is in a network, from 1. */
function rank(v: Network, query: string): bigint {
  const outer = network(query);
  if (outer === undefined)
    throw new TaskFailure(`You must pass a valid subnet or IP address; ${query} is invalid`);
  const bits = width(v.version);
  const above = BigInt(Math.max(0, bits - outer.prefix));
  if (v.value >> above !== outer.value >> above)
    throw new TaskFailure(`${networkText(v)} is not in the subnet ${networkText(cidr(outer))}`);
  if (v.prefix < outer.prefix) throw new TaskFailure(`${query} is smaller than ${networkText(v)}`);
  const shift = BigInt(bits - v.prefix);
  return ((v.value & (((1n << BigInt(v.prefix - outer.prefix)) - 1n) << shift)) >> shift) + 1n;
}

function nthUsable(value: unknown, offset: unknown, sign: bigint): unknown {
  const v = network(value);
  if (v === undefined) return false;
  const range = usable(v);
  const wanted = v.value + sign * whole(offset, 'the offset');
  return range && range[0] <= wanted && wanted <= range[1] ? addressText(v.version, wanted) : null;
}

/** First and last address; a network of two has none but its first for ansible.utils. */
function limits(value: unknown): [bigint, bigint] {
  const given = network(value);
  if (given === undefined) return [0n, 0n];
  const v = cidr(given);
  return [first(v), sizeOf(v) > 2n ? last(v) : first(v)];
}

function usableLimits(value: unknown): [bigint, bigint] {
  const given = network(value);
  if (given === undefined) return [0n, 0n];
  return usable(cidr(given)) ?? [given.value, given.value];
}

const inside = ([low, high]: [bigint, bigint], [first, last]: [bigint, bigint]) =>
  low <= first && first <= high && low <= last && last <= high;

function parsed(value: unknown): Network {
  const found = typeof value === 'string' ? parseNetwork(value) : undefined;
  if (found === undefined) throw new TaskFailure(`cidr_merge: invalid IPNetwork ${text(value)}`);
  return found;
}

/** As few networks as hold the same addresses. */
function merged(values: readonly unknown[]): string[] {
  const sorted = values
    .map((value) => cidr(parsed(value)))
    .sort(
      (left, right) =>
        left.version - right.version || order(left.value, right.value) || left.prefix - right.prefix,
    );
  const result: Network[] = [];
  for (const each of sorted) {
    const before = result.at(-1);
    if (before?.version === each.version && last(before) >= last(each)) continue;
    result.push(each);
    for (
      let [left, right] = result.slice(-2);
      left && right && areHalves(left, right);
      [left, right] = result.slice(-2)
    )
      result.splice(-2, 2, { ...left, prefix: left.prefix - 1 });
  }
  return result.map(networkText);
}

function order(left: bigint, right: bigint): number {
  return left < right ? -1 : left > right ? 1 : 0;
}

function areHalves(left: Network, right: Network): boolean {
  return (
    left.version === right.version &&
    left.prefix === right.prefix &&
    left.prefix > 0 &&
    left.value !== right.value &&
    first({ ...right, prefix: right.prefix - 1 }) === left.value
  );
}

/** The smallest network that holds all of them. */
function spanning(values: readonly unknown[]): string | null {
  if (values.length === 0) return null;
  const networks = values.map(parsed);
  const [only, ...more] = networks as [Network, ...Network[]];
  if (more.length === 0) return networkText(only);
  if (more.some((each) => each.version !== only.version))
    throw new TaskFailure('cidr_merge: IP sequence cannot contain both IPv4 and IPv6!');
  const low = networks.map(first).sort(order)[0]!;
  const high = networks.map(last).sort(order).at(-1)!;
  let span: Network = { ...only, value: high, prefix: Math.max(...networks.map((each) => each.prefix)) };
  while (first(span) > low) span = { ...span, prefix: span.prefix - 1 };
  return networkText(cidr(span));
}

/** Filters of ansible.utils that go from networks to others and to their addresses. */
export const subnets: Filters = {
  ipsubnet: filter(['query', 'index'], (value, [query, index]) => subnet(value, query, index)),
  ipmath: filter(['amount!'], (value, [amount]) => {
    const v = parseNetwork(text(value));
    if (v === undefined) throw new TaskFailure(`You must pass a valid IP address; ${text(value)} is invalid`);
    const sum = v.value + whole(amount, 'the amount');
    if (sum < 0n || sum >= 1n << BigInt(width(v.version)))
      throw new TaskFailure('result outside valid IP address boundary!');
    return addressText(v.version, sum);
  }),
  nthhost: filter(['query'], (value, [query = '']) => {
    const v = network(value);
    if (v === undefined || !/^[-+]?\d+$/.test(text(query))) return false;
    const found = nth(v, BigInt(text(query)));
    return found === undefined ? false : addressText(v.version, found);
  }),
  next_nth_usable: filter(['offset!'], (value, [offset]) => nthUsable(value, offset, 1n)),
  previous_nth_usable: filter(['offset!'], (value, [offset]) => nthUsable(value, offset, -1n)),
  network_in_network: filter(['test!'], (value, [test]) => inside(limits(value), limits(test))),
  network_in_usable: filter(['test!'], (value, [test]) => inside(usableLimits(value), limits(test))),
  reduce_on_network: filter(['network!'], (value, [outer]) =>
    iterate(value).filter((each) => inside(limits(outer), limits(each))),
  ),
  cidr_merge: filter(['action'], (value, [action = 'merge']) => {
    const values = typeof value === 'string' ? value.split(',') : iterate(value);
    if (action === 'merge') return merged(values);
    if (action === 'span') return spanning(values);
    throw new TaskFailure(`cidr_merge: invalid action '${text(action)}'`, 'merge or span');
  }),
};
