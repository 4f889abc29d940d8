import { normal } from '../firewall/addresses.ts';
import { ufw } from '../host/queries/ufw.ts';
import { type Finding, finding, type Site, text } from './contract.ts';
import { flowSiteOf } from './flows.ts';
import { type NetworkProof, proveNetwork } from './network.ts';
import { outside } from './network-judge.ts';

/** ufw is active on every host, and from here only that can be reached which a flow opens. */
export async function verifyFirewall(site: Site): Promise<Finding[]> {
  const hosts = site.group('all');
  const known = flowSiteOf(site, hosts[0] ?? '').hosts;
  const addresses = hosts.map((host) => [host, known.get(host)?.addresses ?? []] as const);
  const proof = proveNetwork(site, [outside]);
  const found = addresses.map(([host, list]) => [active(site, host), ...closed(site, host, list, proof)]);
  return Promise.all(found.flat());
}

function active(site: Site, host: string): Promise<Finding> {
  return finding(site, 'firewall', host, 'ufw is active and denies by default', async () => {
    const state = await site.reader(host).ask(ufw, undefined);
    if (!state) return { kept: false, seen: 'not installed' };
    const egress = text(site, host, 'egress') || 'allow';
    const kept =
      state.enabled &&
      state.ipv6 &&
      state.incoming !== 'allow' &&
      (egress === 'allow' || state.outgoing === egress) &&
      state.notLoaded.length === 0;
    return {
      kept,
      seen: `${state.enabled ? 'active' : 'inactive'}, incoming ${state.incoming || 'unset'}, outgoing ${state.outgoing || 'unset'}, ${state.rules.length} rules${
        state.notLoaded.length > 0 ? `, not loaded: ${state.notLoaded.join('; ')}` : ''
      }`,
    };
  });
}

/** The address of each family: what is reached there is what is meant. */
function closed(
  site: Site,
  host: string,
  addresses: readonly string[],
  proof: Promise<NetworkProof>,
): Promise<Finding>[] {
  return (addresses.length > 0 ? addresses : ['its address']).map((address) =>
    finding(site, 'firewall', host, `nothing else can be reached at ${address}`, async () => {
      const { ways, lost } = await proof;
      if (addresses.length === 0) return { kept: false, seen: 'the inventory gives it none' };
      const unknown = lost.get(host);
      if (unknown !== undefined) return { kept: false, seen: unknown };
      const mine = ways.filter((way) => way.to === host && way.address === normal(address));
      const leaks = mine.filter(({ kind }) => kind === 'open' || kind === 'let in');
      const named = [...new Set(leaks.map(({ protocol, port }) => `${protocol} ${port}`))];
      const shut = mine.filter(({ flows }) => flows.length === 0).length;
      return {
        kept: leaks.length === 0,
        seen: leaks.length > 0 ? `open: ${named.join(', ')}` : `${shut} ports are closed`,
      };
    }),
  );
}
