import { normal, type Rule, ruleText } from './rules.ts';

/** What ufw's files and the kernel say. */
export interface UfwState {
  readonly enabled: boolean;
  readonly ipv6: boolean;
  readonly incoming: string;
  readonly outgoing: string;
  readonly rules: readonly Rule[];
  /** Rules of the files that are no plain "allow in" and so never ours, as ufw writes them. */
  readonly others: readonly { readonly tuple: string; readonly family: 4 | 6 }[];
  /** Texts of rules that the files have and the kernel has not, or the other way round. */
  readonly notLoaded: readonly string[];
  readonly loadedOnly: readonly string[];
  /** user.rules and user6.rules as they are. */
  readonly files: { readonly 4: string; readonly 6: string };
  /** The port on which the connection that asks came in; undefined for a local one. */
  readonly sshPort: number | undefined;
}

/** Contents of what the query reads; empty texts for files that do not exist. */
interface UfwTexts {
  readonly defaults: string;
  readonly conf: string;
  readonly userRules: string;
  readonly user6Rules: string;
  /** `iptables -S ufw-user-input` and its IPv6 twin; empty when the chain is not there. */
  readonly live: string;
  readonly live6: string;
  readonly sshPort: string;
}

/** Reads ufw 0.36's files: `### tuple ###` lines are its own record of each rule (ufw, backend_iptables.py). */
export function parseUfw(texts: UfwTexts): UfwState {
  const enabled = setting(texts.conf, 'ENABLED') === 'yes';
  const written = [...tuples(texts.userRules, 4), ...tuples(texts.user6Rules, 6)];
  const rules = written.flatMap((entry) => (entry.rule ? [entry.rule] : []));
  const loaded = new Set([...chain(texts.live, 4), ...chain(texts.live6, 6)]);
  const inFiles = new Set([...chain(texts.userRules, 4), ...chain(texts.user6Rules, 6)]);
  const port = Number(texts.sshPort);
  return {
    enabled,
    ipv6: setting(texts.defaults, 'IPV6') === 'yes',
    incoming: policy(setting(texts.defaults, 'DEFAULT_INPUT_POLICY')),
    outgoing: policy(setting(texts.defaults, 'DEFAULT_OUTPUT_POLICY')),
    rules,
    others: written.flatMap((entry) => (entry.rule ? [] : [{ tuple: entry.tuple, family: entry.family }])),
    notLoaded: enabled ? [...inFiles].filter((rule) => !loaded.has(rule)) : [],
    loadedOnly: enabled ? [...loaded].filter((rule) => !inFiles.has(rule)) : [],
    files: { 4: texts.userRules, 6: texts.user6Rules },
    sshPort: Number.isInteger(port) && port > 0 ? port : undefined,
  };
}

function setting(text: string, name: string): string {
  const found = [...text.matchAll(new RegExp(`^\\s*${name}=["']?([^"'\\s#]*)`, 'gm'))].at(-1);
  return (found?.[1] ?? '').toLowerCase();
}

function policy(word: string): string {
  return { drop: 'deny', accept: 'allow', reject: 'reject' }[word] ?? word;
}

interface Tuple {
  readonly tuple: string;
  readonly family: 4 | 6;
  readonly rule?: Rule;
}

/** `### tuple ### allow tcp 80,443 0.0.0.0/0 any 192.0.2.1 in comment=...` */
function tuples(text: string, family: 4 | 6): Tuple[] {
  return [...text.matchAll(/^### tuple ### (.*)$/gm)].map(([, line = '']) => {
    const tuple = line.replace(/ comment=\S*$/, '').trim();
    const [action, protocol, ports = '', destination = '', sourcePort, source = '', direction, ...rest] =
      tuple.split(' ');
    const plain =
      action === 'allow' &&
      (protocol === 'tcp' || protocol === 'udp') &&
      /^\d+(,\d+)*$/.test(ports) &&
      normal(destination) === 'any' &&
      sourcePort === 'any' &&
      direction === 'in' &&
      rest.length === 0;
    if (!plain) return { tuple, family };
    const sorted = ports
      .split(',')
      .map(Number)
      .sort((left, right) => left - right);
    return { tuple, family, rule: { protocol, ports: sorted, from: normal(source), family } };
  });
}

/** The rules of the chain for incoming traffic, as iptables prints them and as ufw writes them, alike. */
function chain(text: string, family: 4 | 6): string[] {
  return [...text.matchAll(/^-A ufw6?-user-input (.*)$/gm)].map(([, line = '']) => {
    const words = line.split(' ');
    const after = (...flags: string[]): string =>
      words[words.findIndex((word) => flags.includes(word)) + 1] ?? '';
    const given = (...flags: string[]): boolean => words.some((word) => flags.includes(word));
    const protocol = given('-p') ? after('-p') : 'any';
    const target = after('-j');
    const ports = given('--dport', '--dports') ? after('--dport', '--dports') : '';
    const from = given('-s') ? normal(after('-s')) : 'any';
    if (target === 'ACCEPT' && (protocol === 'tcp' || protocol === 'udp') && /^\d+(,\d+)*$/.test(ports)) {
      const sorted = ports
        .split(',')
        .map(Number)
        .sort((left, right) => left - right);
      return ruleText({ protocol, ports: sorted, from, family });
    }
    return `${target} ${protocol} ${ports} from ${from} IPv${family}`;
  });
}
