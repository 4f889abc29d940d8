import type { Rule } from './rules.ts';

/**
 * The text of ufw's user.rules or user6.rules with these rules behind those that are there, in the form in which ufw
 * 0.36 writes them (backend_iptables.py, _write_rules). Undefined for a file that is not as ufw keeps it.
 * @param rules all of the file's family
 */
export function withRules(text: string, family: 4 | 6, rules: readonly Rule[]): string | undefined {
  const isWhole = text.startsWith('*filter\n') && text.endsWith('\nCOMMIT\n');
  const added = rules.map((rule) => `\n${lines(rule, family)}\n`).join('');
  const begin = '\n### RULES ###\n';
  const end = '\n### END RULES ###\n';
  const at = [begin, end].map((mark) => text.indexOf(mark));
  if (!isWhole || at[0]! < 0) return undefined;
  // The file that the package brings has no end of the rules.
  const place = at[1]! < 0 ? at[0]! + begin.length : at[1]!;
  return text.slice(0, place) + added + text.slice(place);
}

function lines({ protocol, ports, from }: Rule, family: 4 | 6): string {
  const any = family === 6 ? '::/0' : '0.0.0.0/0';
  const source = from === 'any' ? any : from;
  const several = ports.length > 1 ? '-m multiport --dports' : '--dport';
  return [
    `### tuple ### allow ${protocol} ${ports.join(',')} ${any} any ${source} in`,
    `-A ufw${family === 6 ? '6' : ''}-user-input -p ${protocol} ${several} ${ports.join(',')}${from === 'any' ? '' : ` -s ${from}`} -j ACCEPT`,
  ].join('\n');
}
