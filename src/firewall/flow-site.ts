import type { FlowHost, FlowSite } from './flows.ts';

/** Where the hosts' variables come from. */
export interface FlowSource {
  /** Host names by group, `all` included. */
  readonly groups: Readonly<Record<string, readonly string[]>>;
  /** A rendered variable of a host; undefined when nothing defines it. */
  variable(host: string, name: string): unknown;
  /** The variable exporter_ports: ports by the group whose hosts run the exporters. */
  readonly exporters: unknown;
}

/**
 * The hosts as flows see them, by their variables: `address` (ansible_host), `address6`, `ssh_port` (ansible_port, 22)
 * and firewall_ssh_ports. Each is asked for only when it is needed.
 */
export function flowSite({ groups, variable, exporters }: FlowSource): FlowSite {
  const hosts = new Map((groups.all ?? []).map((name) => [name, hostOf(name, groups, variable)]));
  const ports = exporters as Record<string, readonly unknown[]> | undefined;
  return {
    hosts,
    groups: new Map(Object.entries(groups)),
    exporters: Object.fromEntries(
      Object.entries(ports ?? {}).map(([group, list]) => [group, Array.from(list, Number)]),
    ),
  };
}

function hostOf(name: string, groups: FlowSource['groups'], variable: FlowSource['variable']): FlowHost {
  const text = (...names: string[]): string => {
    for (const each of names) {
      const value = variable(name, each);
      if (value !== undefined && value !== null && value !== '') return String(value);
    }
    return '';
  };
  return {
    name,
    get groups() {
      return Object.keys(groups).filter((group) => group !== 'all' && groups[group]?.includes(name));
    },
    get addresses() {
      return [text('address', 'ansible_host'), text('address6')].filter(Boolean);
    },
    get sshPorts() {
      const more = variable(name, 'firewall_ssh_ports');
      const own = Number(text('ssh_port', 'ansible_port') || 22);
      return [...new Set([own, ...(Array.isArray(more) ? more : []).map(Number)])];
    },
  };
}
