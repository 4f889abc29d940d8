import { ProjectError } from '../errors.ts';
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

/**
 * What the inventory says of flows, unchecked.
 * @throws ProjectError where it says nothing
 */
export function writtenFlows(site: Site, host: string): unknown {
  const written = site.variable(host, 'flows');
  if (written !== undefined) return written;
  const message = 'the inventory has no flows';
  const hint = 'all.vars.flows says who may talk to whom, as in inventory/prod.yaml';
  throw new ProjectError([{ message, hint, severity: 'error' }]);
}
