import { isIP } from 'node:net';
import { normal } from '../firewall/addresses.ts';
import {
  type FlowSite,
  hasPort,
  includes,
  type Passage,
  type PortRange,
  passagesAt,
  resolveFlows,
} from '../firewall/flows.ts';
import { lets, type Rule, ruleText } from '../firewall/rules.ts';
import type { UfwState } from '../firewall/ufw.ts';
import { type Site, text } from './contract.ts';
import { flowSiteOf, writtenFlows } from './flows.ts';
import { type Asked, askAll, nobodys, noting, withShared } from './network-hosts.ts';
import { type Judged, judge, type Known, outside, type Stray, straysOf, type Way } from './network-judge.ts';
import {
  addressTowards,
  type Listener,
  probeFrom,
  probeFromHere,
  probeSeconds,
  type State,
} from './network-probe.ts';

/** How long what differs is waited for when it is tried again: a busy host, a lost packet. */
const againSeconds = 5;
/** Ports of a range that are tried each; of a longer one its ends and what listens in between. */
const eachOfRange = 32;

/** What became of trying every way. */
export interface NetworkProof {
  readonly hosts: readonly string[];
  /** This machine's addresses, as it is seen from the hosts. */
  readonly outside: readonly string[];
  readonly ways: readonly Judged[];
  /** What listens where no flow leads. */
  readonly strays: readonly Stray[];
  readonly passages: readonly Passage[];
  /** Hosts that could not be asked or could not try, and why: nothing was tried from there. */
  readonly lost: ReadonlyMap<string, string>;
}

/**
 * Tries every host to every other host, and this machine to every host, at every address, on every TCP port that a flow
 * names, a rule lets in or anything listens on; what differs is tried a second time. UDP gives no answer that proves
 * anything, so there the loaded rules are held against the flows.
 * @param from the sources; `outside` is this machine
 */
export async function proveNetwork(
  site: Site,
  from: readonly string[] = [outside, ...site.group('all')],
): Promise<NetworkProof> {
  const hosts = site.group('all');
  const flowSite = flowSiteOf(site, hosts[0] ?? '');
  const flows = writtenFlows(site, hosts[0] ?? '');
  const drawn = resolveFlows(flows, flowSite);
  const lost = new Map<string, string>();
  const asked = await askAll(site, nobodys(drawn), lost);
  const now = withShared(flowSite, asked);
  const passages = hosts.flatMap((host) => passagesAt(host, flows, now).in);
  const addresses = new Map(hosts.map((host) => [host, now.hosts.get(host)?.addresses.map(normal) ?? []]));
  const addressesOf = (host: string) => addresses.get(host) ?? [];
  const held = heldHosts(site, from, flows, flowSite);
  const known = (way: Way): Known => ({
    listeners: asked.get(way.to)?.listeners,
    rejects:
      asked.get(way.to)?.firewall?.incoming === 'reject' ||
      asked.get(way.from)?.firewall?.outgoing === 'reject',
    heldBack: held.get(way.from)?.some((passage) => leadsOut(passage, way)) === false,
  });

  const judgeAt = (way: Way, state: State): Judged => {
    const judged = judge(way, state, passages, known(way));
    const isShared = asked.get(way.to)?.shared.includes(way.address);
    return judged.kind && isShared ? { ...judged, seen: `${judged.seen} at ${way.address}`.trim() } : judged;
  };

  const own = await ownAddresses(addresses, asked);
  const sourcesOf = (source: string, address: string): readonly string[] => {
    if (source === outside) return own.get(address) ?? [];
    return addressesOf(source).filter((each) => isIP(each) === isIP(address));
  };
  const waysOn = (protocol: 'tcp' | 'udp', ports: readonly number[]): Way[] =>
    from.flatMap((source) =>
      hosts
        .filter((host) => host !== source)
        .flatMap((to) =>
          addressesOf(to).flatMap((address) =>
            ports.map((port) => ({
              from: source,
              sources: sourcesOf(source, address),
              to,
              address,
              protocol,
              port,
            })),
          ),
        ),
    );

  const listeners = [...asked.values()].flatMap((host) => host.listeners);
  const rules = [...asked.values()].flatMap(({ firewall }) => firewall?.rules ?? []);
  const tried = waysOn('tcp', portsOf('tcp', passages, listeners, rules));
  const first = await tryAll(site, tried, probeSeconds, lost);
  const judged = first.map(([way, state]) => judgeAt(way, state));
  const again = judged.filter(({ kind }) => kind);
  const second = new Map(await tryAll(site, again, againSeconds, lost));
  const tcp = judged.map((way) => {
    const state = second.get(way);
    return state === undefined ? way : judgeAt(way, state);
  });
  const udp = waysOn('udp', portsOf('udp', passages, listeners, rules)).flatMap((way): Judged[] => {
    const firewall = asked.get(way.to)?.firewall;
    return firewall ? [byRules(way, firewall, passages)] : [];
  });
  const here = from.includes(outside) ? [...new Set([...own.values()].flat())] : [];
  const strays = hosts.flatMap((host) => straysOf(host, asked.get(host)?.listeners ?? [], passages));
  return { hosts, outside: here, ways: [...tcp, ...udp], strays, passages: drawn, lost };
}

/**
 * Where those hosts may go that `egress` holds back. Virtual addresses are among it only where a flow names them: the
 * rules of a host cannot follow them.
 */
function heldHosts(
  site: Site,
  from: readonly string[],
  flows: unknown,
  flowSite: FlowSite,
): ReadonlyMap<string, readonly Passage[]> {
  const held = from.filter((host) => host !== outside && (text(site, host, 'egress') || 'allow') !== 'allow');
  return new Map(held.map((host) => [host, passagesAt(host, flows, flowSite).out]));
}

function leadsOut(passage: Passage, { protocol, address, port }: Way): boolean {
  return passage.protocol === protocol && hasPort(passage, port) && includes(passage.to, address);
}

/**
 * This machine's addresses by the address that it talks to: its own, and the one that the host saw when it was asked,
 * which is another behind a router that translates addresses. That of a host of the site is a jump host's.
 */
async function ownAddresses(
  addresses: ReadonlyMap<string, readonly string[]>,
  asked: ReadonlyMap<string, Asked>,
): Promise<ReadonlyMap<string, readonly string[]>> {
  const taken = new Set([...addresses.values()].flat());
  const found = [...addresses].flatMap(([host, list]) =>
    list.map(async (address) => {
      const seen = asked.get(host)?.firewall?.ssh?.from ?? '';
      const own = await addressTowards(address);
      const usable = own && isIP(seen) === isIP(address) && !taken.has(seen) ? [own, seen] : [own];
      return [address, [...new Set(usable.filter((each) => each !== undefined))]] as const;
    }),
  );
  return new Map(await Promise.all(found));
}

/** Ports that flows lead to on hosts, those on which anything listens, and those that rules of firewalls let in. */
export function portsOf(
  protocol: 'tcp' | 'udp',
  passages: readonly Passage[],
  listeners: readonly Listener[],
  rules: readonly Rule[] = [],
): number[] {
  const listening = listeners.filter((each) => each.protocol === protocol).map(({ port }) => port);
  const named = passages
    .filter((each) => each.protocol === protocol && each.to.kind === 'host')
    .flatMap(({ ports }) => ports);
  const opened = rules
    .filter((rule) => rule.protocol === protocol && rule.direction === 'in')
    .flatMap(({ ports }) => ports)
    .map((range): PortRange => {
      const [first = 0, last = first] = range.split(':').map(Number);
      return { first, last };
    });
  const tried = [...named, ...opened].flatMap(({ first, last }) =>
    last - first < eachOfRange
      ? Array.from({ length: last - first + 1 }, (_port, index) => first + index)
      : [first, last],
  );
  return [...new Set([...listening, ...tried])].sort((left, right) => left - right);
}

/** Tries ways side by side; those whose source could not try them are missing. */
async function tryAll<W extends Way>(
  site: Site,
  ways: readonly W[],
  seconds: number,
  lost: Map<string, string>,
): Promise<[W, State][]> {
  const sources = [...new Set(ways.map(({ from }) => from))];
  const found = await Promise.all(
    sources.map(async (source) => {
      const mine = ways.filter(({ from }) => from === source);
      if (source === outside) return paired(mine, await probeFromHere(mine, seconds));
      if (lost.has(source)) return [];
      const states = await noting(site, source, lost, () => probeFrom(site.reader(source), mine, seconds));
      return paired(mine, states ?? []);
    }),
  );
  return found.flat();
}

function paired<W>(ways: readonly W[], states: readonly State[]): [W, State][] {
  return ways.flatMap((way, index): [W, State][] => (states[index] ? [[way, states[index]]] : []));
}

/** What the rules of a host do with UDP. A rule that is no plain "allow" counts for nothing. */
function byRules(way: Way, firewall: UfwState, passages: readonly Passage[]): Judged {
  const loaded = firewall.rules.filter((rule) => !firewall.notLoaded.includes(ruleText(rule)));
  const allowed =
    !firewall.enabled ||
    firewall.incoming === 'allow' ||
    way.sources.some((source) => loaded.some((rule) => lets(rule, 'in', 'udp', way.port, source)));
  const judged = judge(way, allowed ? 'open' : 'filtered', passages, { listeners: [], rejects: false });
  return judged.kind ? { ...judged, seen: `by the rules of ${way.to}` } : judged;
}
