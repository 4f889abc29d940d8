/** One flow that is let in: these ports of one protocol, from one address or network. */
export interface Rule {
  readonly protocol: 'tcp' | 'udp';
  /** Sorted, without repetition. */
  readonly ports: readonly number[];
  /** `any`, an IPv4 or IPv6 address, or a network in CIDR notation. */
  readonly from: string;
  readonly family: 4 | 6;
}

/** A flow as roles write it: some sources, both families where the source does not say. */
export interface Flow {
  readonly ports: readonly number[];
  readonly protocol: 'tcp' | 'udp';
  /** Addresses and networks; `any` is everyone, over IPv4 and IPv6. */
  readonly from: readonly string[];
}

/** The rules that flows ask for, without repetition, in their order: what comes first is allowed first. */
export function rulesOf(flows: readonly Flow[]): Rule[] {
  const rules = new Map<string, Rule>();
  for (const flow of flows) {
    const ports = [...new Set(flow.ports)].sort((left, right) => left - right);
    for (const source of flow.from)
      for (const family of familiesOf(source)) {
        const rule: Rule = { protocol: flow.protocol, ports, from: normal(source), family };
        rules.set(ruleText(rule), rule);
      }
  }
  return [...rules.values()];
}

/** A rule in words, also its identity: "tcp 80,443 from 198.51.100.7", "tcp 22 from any (IPv6)". */
export function ruleText(rule: Rule): string {
  const family = rule.from === 'any' && rule.family === 6 ? ' (IPv6)' : '';
  return `${rule.protocol} ${rule.ports.join(',')} from ${rule.from}${family}`;
}

/** A host's own network suffix says nothing: 192.0.2.1/32 is 192.0.2.1. */
export function normal(source: string): string {
  if (source === '0.0.0.0/0' || source === '::/0') return 'any';
  return source.toLowerCase().replace(source.includes(':') ? /\/128$/ : /\/32$/, '');
}

function familiesOf(source: string): readonly (4 | 6)[] {
  if (source === 'any') return [4, 6];
  return source.includes(':') ? [6] : [4];
}
