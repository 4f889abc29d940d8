import { ExitCode } from '../errors.ts';
import { drawFlows } from '../firewall/picture.ts';
import type { Mark } from '../firewall/picture-lanes.ts';
import { colors, wantsColor } from '../reporters/colors.ts';
import { table } from '../reporters/table.ts';
import { maskText } from '../secrets.ts';
import { flowSiteOf } from '../verify/flows.ts';
import { type NetworkProof, proveNetwork } from '../verify/network.ts';
import { type Difference, differences, differenceText, differenceWords } from '../verify/network-judge.ts';
import { networkTable, shortNames } from '../verify/network-table.ts';
import { writePicture } from './picture.ts';
import { openSite } from './site.ts';
import type { VerifyOptions } from './verify.ts';

export interface VerifyNetworkOptions extends VerifyOptions {
  /** File for the picture. */
  readonly svg?: string;
}

/**
 * Tries who can talk to whom, and holds it against the flows.
 * @returns failed when anything differs, unreachable when a host could not be asked
 */
export async function verifyNetwork(options: VerifyNetworkOptions): Promise<ExitCode> {
  const began = performance.now();
  const { site, lost, close } = await openSite(options);
  try {
    const proof = await proveNetwork(site);
    const found = differences(proof.ways, proof.strays);
    const seconds = (performance.now() - began) / 1000;
    if (options.output === 'json') printEvents(proof, found, seconds);
    else print(proof, found, seconds);
    if (options.svg !== undefined) {
      const { hosts } = flowSiteOf(site, proof.hosts[0] ?? '');
      const shown = proof.hosts.flatMap((host) => hosts.get(host) ?? []);
      writePicture(options.svg, drawFlows(proof.passages, shown, found.map(markOf)));
    }
    if (lost.size > 0 || proof.lost.size > 0) return ExitCode.unreachable;
    return found.length === 0 ? ExitCode.done : ExitCode.failed;
  } finally {
    await close();
  }
}

function markOf(difference: Difference): Mark {
  const { kind, from, to, ports, families, protocol } = difference;
  return {
    mark: kind === 'closed' || kind === 'idle' ? 'closed' : 'open',
    name: differenceWords[kind],
    why: `${from.length > 0 ? `${shortNames(from)} → ` : ''}${shortNames(to)} ${from.length > 0 ? '' : `${ports.join(', ')} `}(${families.map((family) => `IPv${family}`).join(', ')})`,
    from,
    to,
    ports: `${protocol === 'udp' ? 'udp ' : ''}${ports.join(', ')}`,
  };
}

interface Counts {
  readonly tried: number;
  readonly open: number;
  readonly closed: number;
  /** Let in as meant, where the service listens over the other family only. */
  readonly otherFamily: number;
  /** Neither this machine nor the host has a way there. */
  readonly noWay: number;
}

function count({ ways }: NetworkProof): Counts {
  const kept = ways.filter(({ kind }) => !kind);
  const noWay = kept.filter(({ state }) => state === 'no way').length;
  const open = kept.filter(({ state }) => state === 'open').length;
  const otherFamily = kept.filter(({ state, flows }) => state === 'refused' && flows.length > 0).length;
  const closed = kept.length - open - noWay - otherFamily;
  return { tried: ways.length - noWay, open, closed, otherFamily, noWay };
}

function printEvents(proof: NetworkProof, found: readonly Difference[], seconds: number): void {
  const write = (event: object): void => void process.stdout.write(`${maskText(JSON.stringify(event))}\n`);
  for (const { from, to, address, family, protocol, port, state, flows, kind } of proof.ways)
    if (kind || state === 'open')
      write({ event: 'way', from, to, address, family, protocol, port, state, flows, ...(kind && { kind }) });
  for (const difference of found)
    write({ event: 'difference', ...difference, message: differenceText(difference) });
  for (const [host, reason] of proof.lost) write({ event: 'unreachable', host, reason });
  write({
    event: 'network',
    hosts: proof.hosts,
    outside: proof.outside,
    differences: found.length,
    ...count(proof),
    seconds,
  });
}

function print(proof: NetworkProof, found: readonly Difference[], seconds: number): void {
  const write = (line: string): void => void process.stdout.write(`${maskText(line)}\n`);
  const paint = colors(wantsColor(process.stdout));
  const { head, rows, everywhere } = networkTable(proof);
  const cells = rows.map((row) => row.map(({ text, differs }) => (differs ? paint.red(text) : text)));
  for (const line of table([head, ...cells], { paintHead: paint.dim })) write(line);
  if (everywhere) write(`${paint.dim('everywhere')}  ${everywhere}`);
  write('');
  write(
    proof.outside.length > 0
      ? `outside is this machine: ${proof.outside.join(', ')}`
      : 'outside is this machine, which has no way to any of the hosts',
  );
  for (const line of unseen(proof)) write(line);
  if (proof.ways.some(({ protocol }) => protocol === 'udp'))
    write('UDP ports: what the loaded rules let in, since silence on UDP proves nothing');
  for (const [host, reason] of proof.lost)
    write(`${paint.red('unreachable')}  ${host}: nothing was tried from there: ${reason}`);
  for (const difference of found) write(`${paint.red('differs')}  ${differenceText(difference)}`);
  const { tried, open, closed, otherFamily } = count(proof);
  const differ = found.length === 1 ? '1 difference' : `${found.length} differences`;
  const other = otherFamily > 0 ? `, ${otherFamily} served over the other family only` : '';
  const ways = `${tried} ways tried, ${open} open and ${closed} closed as meant${other}`;
  write('');
  write(`${differ}: ${ways} (${seconds.toFixed(1)} s)`);
}

/** What could not be seen for want of a way: a machine or a host without IPv6. */
function unseen({ ways, hosts }: NetworkProof): string[] {
  const none = ways.filter(({ state, kind }) => state === 'no way' && !kind);
  const by = new Map<string, Set<string>>();
  for (const { from, to, family } of none)
    by.set(`${from} IPv${family}`, (by.get(`${from} IPv${family}`) ?? new Set()).add(to));
  return [...by].map(([source, targets]) => {
    const [from = '', family = ''] = source.split(' ');
    const all = targets.size === hosts.filter((host) => host !== from).length;
    return `not tried: ${from} has no way over ${family} to ${all ? 'any host' : shortNames([...targets])}`;
  });
}
