import { flowSite } from '../firewall/flow-site.ts';
import type { FlowSite } from '../firewall/flows.ts';
import type { Site } from './contract.ts';

/** The hosts of a site as its flows see them. */
export function flowSiteOf(site: Site, host: string): FlowSite {
  return flowSite({
    groups: site.groups(),
    variable: (name, variable) => site.variable(name, variable),
    exporters: site.variable(host, 'exporter_ports'),
  });
}
