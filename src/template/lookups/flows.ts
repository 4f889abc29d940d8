import { ProjectError, TaskFailure } from '../../errors.ts';
import { type Flow, readFlows } from '../../firewall/flow-schema.ts';
import { flowSite } from '../../firewall/flow-site.ts';
import {
  endpointAddresses,
  endpoints,
  type FlowSite,
  hasPort,
  hostFlows,
  passagesAt,
} from '../../firewall/flows.ts';
import { shownPath } from '../../problems.ts';
import type { Environment } from '../environment.ts';
import { type Dict, isDict, iterate, text, Undefined } from '../python.ts';
import type { Lookup, LookupCall } from './contract.ts';

/**
 * The variable `flows`, as roles need it. A host's way to itself counts, though no firewall is asked about it.
 *   query('flows', 'sql', ...)          the addresses and networks from which these flows come
 *   lookup('flows', 'sql', get='tls')   whether all of these require TLS
 *   query('flows', rules_of=host)       what the host's firewall lets in and out, as the module firewall takes it
 *   query('flows', to=host, port=3306)  who may reach the TCP port of the host: addresses, networks, any
 *   query('flows', from=host, port=443) names of the hosts of which the host, or an address, may reach the TCP port
 *   query('flows', 'web', from=host)    the same by these flows only; also with `to` and with `port`
 */
export const flows: Lookup = (terms, call) => {
  const written = given(call);
  const site = siteOf(call.environment);
  try {
    return asked(terms.map(text), call.options, written, site);
  } catch (error) {
    if (!(error instanceof ProjectError)) throw error;
    const [first] = error.problems;
    const at = first?.place ? `${shownPath(first.place.file)}:${first.place.line}: ` : '';
    throw new TaskFailure(`${at}${error.message}`, first?.hint);
  }
};

function asked(names: readonly string[], options: Dict, written: unknown, site: FlowSite): unknown[] {
  const { rules_of, to, from, port, get, ...rest } = options;
  const [unknown] = Object.keys(rest);
  if (unknown !== undefined) throw new TaskFailure(`the lookup 'flows' has no option '${unknown}'`);
  if (rules_of !== undefined) return hostFlows(text(rules_of), written, site).map((flow) => ({ ...flow }));
  const named = flowsNamed(names, written, site);
  if (to !== undefined || from !== undefined) {
    const passages = passagesAt(text(to ?? from), written, site)[to === undefined ? 'out' : 'in'];
    const meant = passages
      .filter(({ flow }) => names.length === 0 || names.includes(flow))
      .filter(
        (passage) => port === undefined || (passage.protocol === 'tcp' && hasPort(passage, Number(port))),
      );
    const ends = meant.flatMap((passage) => {
      if (to !== undefined) return endpointAddresses(passage.from);
      return passage.to.kind === 'host' ? [passage.to.name] : [];
    });
    return [...new Set(ends)];
  }
  if (get === 'tls') return [named.every((flow) => flow.tls)];
  if (get !== undefined) throw new TaskFailure(`the lookup 'flows' can get tls, not ${text(get)}`);
  return [...new Set(named.flatMap((flow) => endpoints(flow.from, site).flatMap(endpointAddresses)))];
}

function flowsNamed(names: readonly string[], written: unknown, site: FlowSite): Flow[] {
  if (names.length === 0) return [];
  const all = new Map(readFlows(written, site).map((flow) => [flow.name, flow]));
  return names.map((name) => {
    const flow = all.get(name);
    if (flow) return flow;
    throw new TaskFailure(
      `no flow is called ${name}`,
      `the inventory's flows are ${[...all.keys()].join(', ')}; a role's variable says which of them it goes by`,
    );
  });
}

function given({ environment }: LookupCall): unknown {
  const value = environment.variables.lookup('flows');
  if (value instanceof Undefined)
    throw new TaskFailure(
      'the inventory has no flows',
      'say there who may talk to whom, as inventory/prod.yaml does under all.vars.flows',
    );
  return value;
}

function siteOf({ variables }: Environment) {
  const hostvars = variables.lookup('hostvars') as Readonly<Record<string, Dict>>;
  const groups = variables.lookup('groups');
  const exporters = variables.lookup('exporter_ports');
  return flowSite({
    groups: Object.fromEntries(
      Object.entries(isDict(groups) ? groups : {}).map(([name, hosts]) => [name, iterate(hosts).map(text)]),
    ),
    variable: (host, name) => {
      const value = hostvars[host]?.[name];
      return value instanceof Undefined ? undefined : value;
    },
    exporters: exporters instanceof Undefined ? {} : exporters,
  });
}
