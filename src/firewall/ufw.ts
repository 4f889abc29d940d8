import { normal } from './addresses.ts';
import { readSettings, settingOf } from './call.ts';
import { type Rule, ruleText, sortedPorts } from './rules.ts';
import { isProtocol, rulesIn, type WrittenRule } from './rules-file.ts';

/** What ufw's files and the kernel say. */
export interface UfwState {
  readonly enabled: boolean;
  readonly ipv6: boolean;
  /** What the kernel has; ufw's setting says nothing of it. */
  readonly families: readonly (4 | 6)[];
  readonly incoming: string;
  readonly outgoing: string;
  /** All rules of the files, in their order. */
  readonly written: readonly WrittenRule[];
  /** Those of them that are a plain "allow". */
  readonly rules: readonly Rule[];
  /** Texts of rules that the files have and the kernel has not, or the other way round. */
  readonly notLoaded: readonly string[];
  readonly loadedOnly: readonly string[];
  /** user.rules and user6.rules as they are. */
  readonly files: { readonly 4: string; readonly 6: string };
  /** The connection that asks: who came in, and at which port. Undefined for a local one. */
  readonly ssh: { readonly from: string; readonly port: number } | undefined;
  /** Name servers that are not on the host itself. */
  readonly nameservers: readonly string[];
}

/** Contents of what the query reads; empty texts for files that do not exist. */
interface UfwTexts {
  readonly defaults: string;
  readonly conf: string;
  readonly userRules: string;
  readonly user6Rules: string;
  /** `iptables -S` and its IPv6 twin, of the chains of the user's rules; empty when they are not there. */
  readonly live: string;
  readonly live6: string;
  /** Not empty where the kernel has no IPv6 (`ipv6.disable=1`). */
  readonly without6: string;
  /** SSH_CONNECTION: client's address and port, server's address and port. */
  readonly connection: string;
  /** resolv.conf(5), also that of systemd-resolved, which knows whom it asks. */
  readonly resolvers: string;
}

/** Reads ufw 0.36's files. */
export function parseUfw(texts: UfwTexts): UfwState {
  const { enabled, policies } = readSettings(texts.conf, texts.defaults);
  const written = [...rulesIn(texts.userRules, 4), ...rulesIn(texts.user6Rules, 6)];
  const six = texts.without6 === '';
  const loaded = new Set([...chain(texts.live, 4), ...chain(texts.live6, 6)]);
  const inFiles = new Set([...chain(texts.userRules, 4), ...(six ? chain(texts.user6Rules, 6) : [])]);
  return {
    enabled,
    ipv6: settingOf(texts.defaults, 'IPV6') === 'yes',
    families: six ? [4, 6] : [4],
    incoming: policies.incoming,
    outgoing: policies.outgoing,
    written,
    rules: written.flatMap((entry) => (entry.rule ? [entry.rule] : [])),
    notLoaded: enabled ? [...inFiles].filter((rule) => !loaded.has(rule)) : [],
    loadedOnly: enabled ? [...loaded].filter((rule) => !inFiles.has(rule)) : [],
    files: { 4: texts.userRules, 6: texts.user6Rules },
    ssh: sshOf(texts.connection),
    nameservers: [...texts.resolvers.matchAll(/^nameserver\s+([^\s%]+)/gm)].flatMap(([, address = '']) =>
      /^(127\.|::1$)/.test(address) ? [] : [address],
    ),
  };
}

function sshOf(connection: string): UfwState['ssh'] {
  const [from = '', , , port] = connection.trim().split(' ');
  return Number(port) > 0 ? { from: from.replace(/%.*/, ''), port: Number(port) } : undefined;
}

/** The rules of the chains for incoming and outgoing traffic, as iptables prints them and as ufw writes them, alike. */
function chain(text: string, family: 4 | 6): string[] {
  return [...text.matchAll(/^-A ufw6?-user-(input|output) (.*)$/gm)].map(([, name, line = '']) => {
    const words = line.split(' ');
    const after = (...flags: string[]): string =>
      words[words.findIndex((word) => flags.includes(word)) + 1] ?? '';
    const given = (...flags: string[]): boolean => words.some((word) => flags.includes(word));
    const direction = name === 'input' ? 'in' : 'out';
    const [own, far] = direction === 'in' ? ['-d', '-s'] : ['-s', '-d'];
    const number = given('-p') ? after('-p') : 'any';
    const protocol = number === '112' ? 'vrrp' : number;
    const target = after('-j');
    const ports = given('--dport', '--dports') ? after('--dport', '--dports') : '';
    const peer = given(far) ? normal(after(far)) : 'any';
    const plain = !given(own, '-i', '-o', '--sport', '--sports', '--ctstate', 'recent');
    if (target === 'ACCEPT' && plain && isProtocol(protocol) && (ports !== '' || protocol === 'vrrp')) {
      const sorted = ports === '' ? [] : sortedPorts(ports.split(','));
      return ruleText({ direction, protocol, ports: sorted, peer, family });
    }
    return other(words, family, direction);
  });
}

/** A rule of another kind, so far as both sides write it alike: what it does to whom. */
function other(words: readonly string[], family: 4 | 6, direction: 'in' | 'out'): string {
  const values = new Map<string, string>();
  for (const [index, word] of words.entries())
    if (/^(-[pjsdio]|--[ds]ports?)$/.test(word))
      values.set(word.replace(/ports$/, 'port'), words[index + 1] ?? '');
  const shown = [...values]
    .map(([key, value]) => `${key} ${/^-[sd]$/.test(key) ? normal(value) : value}`)
    .sort();
  return `${direction} ${shown.join(' ')} IPv${family}`;
}
