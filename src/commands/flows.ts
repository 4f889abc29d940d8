import { ExitCode } from '../errors.ts';
import { type Flow, readFlows } from '../firewall/flow-schema.ts';
import { endpointText, type FlowSite, type Passage, resolveFlows } from '../firewall/flows.ts';
import { colors, wantsColor } from '../reporters/colors.ts';
import { table } from '../reporters/table.ts';
import { flowSiteOf, writtenFlows } from '../verify/flows.ts';
import type { ProjectOptions } from './project.ts';
import { openSite } from './site.ts';

export interface FlowsOptions extends ProjectOptions {
  readonly output?: 'plain' | 'json';
  /** File for the picture. */
  readonly svg?: string;
}

/**
 * Prints who may talk to whom, and draws it; contacts nobody.
 * @throws ProjectError for mistakes in the flows, and where there are none
 */
export async function flows(options: FlowsOptions): Promise<ExitCode> {
  const { site, close } = await openSite(options);
  try {
    const [first = ''] = site.group('all');
    const flowSite = flowSiteOf(site, first);
    const written = writtenFlows(site, first);
    const passages = resolveFlows(written, flowSite);
    const lines =
      options.output === 'json'
        ? passages.map(event)
        : matrix(passages, flowSite, readFlows(written, flowSite));
    process.stdout.write(lines.map((line) => `${line}\n`).join(''));
    if (options.svg !== undefined) {
      const [{ drawFlows }, { writePicture }] = await Promise.all([
        import('../firewall/picture.ts'),
        import('./picture.ts'),
      ]);
      writePicture(options.svg, drawFlows(passages, [...flowSite.hosts.values()]));
    }
    return ExitCode.done;
  } finally {
    await close();
  }
}

function event({ ports, ...passage }: Passage): string {
  return JSON.stringify({
    event: 'passage',
    ...passage,
    ports: ports.map(({ first, last }) => [first, last]),
  });
}

/** A row for each flow and each set of ports of its targets. */
function matrix(passages: readonly Passage[], site: FlowSite, written: readonly Flow[]): string[] {
  const words = new Map(written.map((flow) => [flow.name, flow]));
  const paint = colors(wantsColor(process.stdout));
  const rows = new Map<string, { flow: Passage; from: Set<string>; to: Set<string> }>();
  for (const passage of passages) {
    const key = `${passage.flow} ${portsText(passage)}`;
    const row = rows.get(key) ?? { flow: passage, from: new Set(), to: new Set() };
    row.from.add(endpointText(passage.from));
    row.to.add(endpointText(passage.to));
    rows.set(key, row);
  }
  let last = '';
  const cells = [...rows.values()].map(({ flow, from, to }) => {
    const isFirst = flow.flow !== last;
    last = flow.flow;
    return [
      isFirst ? flow.flow : '',
      endsText(from, site, words.get(flow.flow)?.from),
      '→',
      endsText(to, site, words.get(flow.flow)?.to),
      portsText(flow),
      flow.tls ? 'TLS' : '',
      isFirst ? flow.why : '',
    ];
  });
  const width = process.stdout.columns ? { columns: process.stdout.columns } : {};
  const head = ['flow', 'from', '', 'to', 'ports', '', 'why'];
  const hosts = [...site.hosts.values()].map(({ name, groups, addresses }) => [
    name,
    [...groups].join(', '),
    addresses.join(' '),
  ]);
  return [
    ...table([head, ...cells], { ...width, paintHead: paint.dim }),
    '',
    ...table([['host', 'groups', 'addresses'], ...hosts], { ...width, paintHead: paint.dim }),
  ];
}

function portsText({ ports, protocol }: Passage): string {
  const texts = ports.map(({ first, last }) => (first === last ? first : `${first}-${last}`)).join(', ');
  return protocol === 'tcp' ? texts : `${protocol} ${texts}`.trim();
}

/** Some ends in few words: a group that they are all of, rather one that the flow names, else their names. */
function endsText(ends: ReadonlySet<string>, { groups }: FlowSite, named: readonly string[] = []): string {
  const isAll = (members: readonly string[]) =>
    members.length === ends.size && members.every((member) => ends.has(member));
  const hosts = groups.get('all') ?? [];
  if (ends.size > 1 && isAll(hosts)) return 'all';
  const fitting = [...groups].flatMap(([name, members]) =>
    ends.size > 1 && name !== 'all' && isAll(members) ? [name] : [],
  );
  return fitting.find((name) => named.includes(name)) ?? fitting[0] ?? [...ends].join(', ');
}
