import { hasPort, passagesAt } from '../firewall/flows.ts';
import { ufw } from '../host/queries/ufw.ts';
import { sh } from '../host/sh.ts';
import { type Finding, finding, type Site, text } from './contract.ts';
import { flowSiteOf } from './flows.ts';
import { isOpen } from './probe.ts';

/** ufw is active on every host, and from here only that can be reached which a flow opens to everyone. */
export async function verifyFirewall(site: Site): Promise<Finding[]> {
  return (await Promise.all(site.group('all').map((host) => ofHost(site, host)))).flat();
}

async function ofHost(site: Site, host: string): Promise<Finding[]> {
  const active = finding(site, 'firewall', host, 'ufw is active and denies by default', async () => {
    const state = await site.reader(host).ask(ufw, undefined);
    if (!state) return { kept: false, seen: 'not installed' };
    const kept = state.enabled && state.ipv6 && state.incoming !== 'allow' && state.notLoaded.length === 0;
    return {
      kept,
      seen: `${state.enabled ? 'active' : 'inactive'}, incoming ${state.incoming || 'unset'}, ${state.rules.length} rules${
        state.notLoaded.length > 0 ? `, not loaded: ${state.notLoaded.join('; ')}` : ''
      }`,
    };
  });
  const addresses = [text(site, host, 'address'), text(site, host, 'address6')].filter(Boolean);
  const closed = addresses.map((address) =>
    finding(site, 'firewall', host, `nothing else can be reached at ${address}`, async () => {
      const ports = await listening(site, host);
      const meant = isMeant(site, host);
      const forbidden = ports.filter((port) => !meant(port));
      const open = await Promise.all(
        forbidden.map(async (port) => ((await isOpen(address, port)) ? [port] : [])),
      );
      const leaks = open.flat();
      return {
        kept: leaks.length === 0,
        seen:
          leaks.length > 0 ? `open: ${leaks.join(', ')}` : `${forbidden.length} listening ports are closed`,
      };
    }),
  );
  return Promise.all([active, ...closed]);
}

/** Whether some flow opens a port of the host to this machine, as far as it can tell: to everyone, or to operators. */
function isMeant(site: Site, host: string): (port: number) => boolean {
  const passages = passagesAt(host, site.variable(host, 'flows'), flowSiteOf(site, host)).in.filter(
    ({ from, protocol }) => from.kind !== 'host' && protocol === 'tcp',
  );
  return (port) => passages.some((passage) => hasPort(passage, port));
}

/** TCP ports on which something listens beyond loopback. */
async function listening(site: Site, host: string): Promise<number[]> {
  const { stdout } = await site.reader(host).look(sh`ss -Htln`);
  const ports = new Set<number>();
  for (const line of stdout.split('\n')) {
    const local = line.trim().split(/\s+/)[3] ?? '';
    const [, address = '', port = ''] = /^(.*):(\d+)$/.exec(local) ?? [];
    if (port && !/^(127\.|\[::1\]|\[::ffff:127\.)/.test(address)) ports.add(Number(port));
  }
  return [...ports].sort((left, right) => left - right);
}
