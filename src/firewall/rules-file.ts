import { normal } from './addresses.ts';
import { type Protocol, type Rule, ruleText, sortedPorts } from './rules.ts';

/** A rule as ufw's file has it. */
export interface WrittenRule {
  /** ufw's own record of it, without the comment. */
  readonly tuple: string;
  readonly family: 4 | 6;
  readonly comment?: string | undefined;
  /** Undefined for what is no plain "allow": such a rule is never ours. */
  readonly rule?: Rule;
}

const begin = '\n### RULES ###\n';
const end = '\n### END RULES ###\n';
const head = '### tuple ### ';

/**
 * The rules of user.rules or user6.rules. Each has a line that is ufw 0.36's own record of it (backend_iptables.py,
 * _write_rules): `### tuple ### allow tcp 80,443 0.0.0.0/0 any 192.0.2.1 in comment=...`
 */
export function rulesIn(text: string, family: 4 | 6): WrittenRule[] {
  return [...text.matchAll(/^### tuple ### (.*)$/gm)].map(([, line = '']) => writtenRule(line, family));
}

/** The file is as ufw leaves it: not empty, not cut. */
export function isWhole(text: string): boolean {
  return text.startsWith('*filter\n') && text.endsWith('\nCOMMIT\n') && text.includes(begin);
}

/**
 * The text of user.rules or user6.rules with these rules, in the form in which ufw 0.36 writes them. Rules that stay
 * keep their place, what they are commented with is brought up to date, new ones come behind them; all that is no rule
 * stays as it is. A file that is not whole is begun anew.
 * @param stays whether a rule that is there and not among `rules` stays
 */
export function withRules(
  text: string,
  family: 4 | 6,
  rules: readonly Rule[],
  stays: (written: WrittenRule) => boolean,
): string {
  const whole = isWhole(text) ? text : bare(family);
  const from = whole.indexOf(begin) + begin.length;
  // The file that the package brings has no end of the rules.
  const to = whole.indexOf(end) < 0 ? from : whole.indexOf(end);
  const wanted = new Map(
    rules.filter((rule) => rule.family === family).map((rule) => [ruleText(rule), rule]),
  );
  const kept = blocks(whole.slice(from, to)).flatMap((block) => {
    const [first = '', ...lines] = block.split('\n');
    const written = writtenRule(first.slice(head.length), family);
    const rule = written.rule && wanted.get(ruleText(written.rule));
    if (rule) wanted.delete(ruleText(rule));
    if (!rule) return stays(written) ? [block] : [];
    return [[tupleLine(written.tuple, rule.comment ?? written.comment), ...lines].join('\n')];
  });
  const added = [...wanted.values()].map(
    (rule) => `${tupleLine(tupleOf(rule), rule.comment)}\n${command(rule)}`,
  );
  return whole.slice(0, from) + [...kept, ...added].map((block) => `\n${block}\n`).join('') + whole.slice(to);
}

/** Each rule's line with what belongs to it. */
function blocks(section: string): string[] {
  return section
    .split(/^(?=### tuple ### )/m)
    .map((block) => block.trim())
    .filter((block) => block.startsWith(head));
}

function writtenRule(line: string, family: 4 | 6): WrittenRule {
  const [, hex] = / comment=([0-9a-fA-F]*)\s*$/.exec(line) ?? [];
  const comment = hex === undefined ? undefined : Buffer.from(hex, 'hex').toString('utf8');
  const tuple = line.replace(/ comment=\S*$/, '').trim();
  const [action, protocol, ports = '', destination = '', sourcePort, source = '', direction, ...rest] =
    tuple.split(' ');
  const peer = direction === 'in' ? source : destination;
  const plain =
    action === 'allow' &&
    isProtocol(protocol) &&
    (protocol === 'vrrp' ? ports === 'any' : /^\d+(:\d+)?(,\d+(:\d+)?)*$/.test(ports)) &&
    normal(direction === 'in' ? destination : source) === 'any' &&
    sourcePort === 'any' &&
    (direction === 'in' || direction === 'out') &&
    rest.length === 0;
  if (!plain) return { tuple, family, comment };
  const sorted = ports === 'any' ? [] : sortedPorts(ports.split(','));
  return {
    tuple,
    family,
    comment,
    rule: { direction, protocol, ports: sorted, peer: normal(peer), family, comment },
  };
}

/** Whether rules of this module may have the protocol. */
export function isProtocol(word: string | undefined): word is Protocol {
  return word === 'tcp' || word === 'udp' || word === 'vrrp';
}

function tupleLine(tuple: string, comment: string | undefined): string {
  const shown = comment === undefined ? '' : ` comment=${Buffer.from(comment, 'utf8').toString('hex')}`;
  return `${head}${tuple}${shown}`;
}

function tupleOf({ direction, protocol, ports, peer, family }: Rule): string {
  const any = family === 6 ? '::/0' : '0.0.0.0/0';
  const other = peer === 'any' ? any : peer;
  const [destination, source] = direction === 'in' ? [any, other] : [other, any];
  return `allow ${protocol} ${ports.join(',') || 'any'} ${destination} any ${source} ${direction}`;
}

/** As ufw formats it (common.py, format_rule). */
function command({ direction, protocol, ports, peer, family }: Rule): string {
  const chain = `ufw${family === 6 ? '6' : ''}-user-${direction === 'in' ? 'input' : 'output'}`;
  const multiple = ports.length > 1 || ports[0]?.includes(':');
  const other = peer === 'any' ? '' : ` ${direction === 'in' ? '-s' : '-d'} ${peer}`;
  const port = ports.length === 0 ? '' : ` --dport ${ports[0]}`;
  const match = multiple ? ` -m multiport --dports ${ports.join(',')}${other}` : '';
  // A destination comes before the port, a source behind it.
  const single = direction === 'out' ? `${other}${port}` : `${port}${other}`;
  return `-A ${chain} -p ${protocol}${multiple ? match : single} -j ACCEPT`;
}

/** As the package brings it. */
function bare(family: 4 | 6): string {
  const chains = ['input', 'output', 'forward'].map(
    (name) => `:ufw${family === 6 ? '6' : ''}-user-${name} - [0:0]\n`,
  );
  return `*filter\n${chains.join('')}### RULES ###\nCOMMIT\n`;
}
