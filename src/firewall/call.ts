/** One rule as community.general.ufw has its parameters. */
export interface RuleCall {
  readonly rule: string;
  readonly direction?: string | undefined;
  readonly delete: boolean;
  readonly route: boolean;
  readonly insert?: number | undefined;
  readonly interface?: string | undefined;
  readonly interface_in?: string | undefined;
  readonly interface_out?: string | undefined;
  readonly log: boolean;
  readonly from_ip: string;
  readonly from_port?: string | undefined;
  readonly to_ip: string;
  readonly to_port?: string | undefined;
  readonly proto?: string | undefined;
  readonly name?: string | undefined;
  readonly comment?: string | undefined;
}

/** The words of ufw(8) for a rule, in its full syntax, without `ufw` itself. */
export function ruleWords(call: RuleCall): string[] {
  const when = (given: unknown, ...words: (string | number)[]): string[] =>
    given === undefined || given === false || given === '' ? [] : words.map(String);
  return [
    ...when(call.route, 'route'),
    ...when(call.delete, 'delete'),
    ...(call.delete ? [] : when(call.insert, 'insert', call.insert ?? 0)),
    call.rule,
    ...when(call.direction, call.direction ?? ''),
    ...when(call.interface, 'on', call.interface ?? ''),
    ...when(call.interface_in, 'in', 'on', call.interface_in ?? ''),
    ...when(call.interface_out, 'out', 'on', call.interface_out ?? ''),
    ...when(call.log, 'log'),
    ...when(call.from_ip, 'from', call.from_ip),
    ...when(call.from_port, 'port', call.from_port ?? ''),
    ...when(call.to_ip, 'to', call.to_ip),
    ...when(call.to_port, 'port', call.to_port ?? ''),
    ...when(call.proto, 'proto', call.proto ?? ''),
    ...when(call.name, 'app', call.name ?? ''),
    ...when(call.comment, 'comment', call.comment ?? ''),
  ];
}

/** The rule number for `insert` relative to something, from `ufw status numbered`; undefined: at the end. */
export function insertAt(insert: number, relativeTo: string, numbered: string): number | undefined {
  if (relativeTo === 'zero') return insert;
  const rules = [...numbered.matchAll(/^\[ *(\d+)\] (.*)$/gm)].map(([, number, line = '']) => ({
    number: Number(number),
    six: line.includes('(v6)'),
  }));
  const highest = (list: typeof rules) => Math.max(0, ...list.map(({ number }) => number));
  const last = highest(rules);
  const lastFour = highest(rules.filter(({ six }) => !six));
  const place = {
    'first-ipv4': 1,
    'last-ipv4': lastFour || 1,
    'first-ipv6': lastFour === 0 ? 1 : lastFour + 1,
    'last-ipv6': rules.some(({ six }) => six) ? last : last + 1,
  }[relativeTo as 'first-ipv4'];
  return insert + place > last ? undefined : insert + place;
}

/**
 * Whether a dry run of a rule shows that it would change nothing: it prints the whole rules that it would write, of
 * one family or both, or nothing of them where there is nothing to do.
 * @param rules contents of /etc/ufw/user.rules and user6.rules
 */
export function changesNothing(dry: string, rules: { readonly v4: string; readonly v6: string }): boolean {
  const tuples = (text: string) => [...text.matchAll(/^### tuple ###.*$/gm)].join('\n');
  return dry
    .split(/^\*filter$/m)
    .slice(1)
    .every((part) => tuples(part) === tuples(/^:ufw6-/m.test(part) ? rules.v6 : rules.v4));
}

/** ufw's settings, as its files have them. */
export interface UfwSettings {
  readonly enabled: boolean;
  /** off, low, medium, high or full. */
  readonly logging: string;
  readonly policies: { readonly incoming: string; readonly outgoing: string; readonly routed: string };
}

/** Reads /etc/ufw/ufw.conf and /etc/default/ufw. */
export function readSettings(conf: string, defaults: string): UfwSettings {
  const policy = (name: string) => {
    const word = settingOf(defaults, `DEFAULT_${name}_POLICY`);
    return { drop: 'deny', accept: 'allow' }[word] ?? word;
  };
  return {
    enabled: settingOf(conf, 'ENABLED') === 'yes',
    logging: settingOf(conf, 'LOGLEVEL') || 'off',
    policies: { incoming: policy('INPUT'), outgoing: policy('OUTPUT'), routed: policy('FORWARD') },
  };
}

/** A setting of ufw's files in lower case, as the shell would have it that reads them: the last one counts. */
export function settingOf(text: string, name: string): string {
  const found = [...text.matchAll(new RegExp(`^\\s*${name}=["']?([^"'\\s#]*)`, 'gm'))].at(-1);
  return (found?.[1] ?? '').toLowerCase();
}
