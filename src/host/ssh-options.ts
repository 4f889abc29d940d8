/** Options of ssh(1), by their names in lower case. The first value of each counts, as in ssh_config(5). */
export class SshOptions {
  readonly #values = new Map<string, readonly string[]>();
  /** Every IdentityFile counts. */
  readonly identityFiles: string[] = [];

  set(name: string, values: readonly string[]): void {
    const key = name.toLowerCase();
    if (key === 'identityfile') {
      const [file = ''] = values;
      if (!this.identityFiles.includes(file)) this.identityFiles.push(file);
    } else if (!this.#values.has(key) && !this.#isOtherWay(key)) this.#values.set(key, values);
  }

  get(name: string): string | undefined {
    return this.#values.get(name.toLowerCase())?.join(' ');
  }

  list(name: string): readonly string[] | undefined {
    return this.#values.get(name.toLowerCase());
  }

  /** Of ProxyJump and ProxyCommand the one that is named first counts. */
  #isOtherWay(key: string): boolean {
    return ['proxyjump', 'proxycommand'].includes(key)
      ? this.#values.has('proxyjump') || this.#values.has('proxycommand')
      : false;
  }
}

/** Options whose value is the rest of the line. */
const wholeLine = ['proxycommand', 'localcommand', 'remotecommand', 'knownhostscommand'];

/** `Name value ...` or `Name=value`, of a configuration file or of `-o`. Undefined for an empty line or comment. */
export function parseDirective(line: string): { name: string; values: readonly string[] } | undefined {
  const found = /^\s*([^\s=#"]+)(?:\s*=\s*|\s+|$)(.*)$/s.exec(line);
  if (found === null) return undefined;
  const name = found[1] as string;
  const rest = (found[2] as string).trim();
  return { name, values: wholeLine.includes(name.toLowerCase()) ? [rest] : configWords(rest) };
}

function configWords(text: string): string[] {
  const words = shellWords(text);
  const comment = words.findIndex((word) => word.startsWith('#'));
  return comment < 0 ? words : words.slice(0, comment);
}

/** Options that foobar follows. */
const followed = new Set(
  `ciphers connecttimeout controlmaster controlpersist globalknownhostsfile hashknownhosts hostkeyalgorithms hostkeyalias hostname identitiesonly identityagent identityfile kexalgorithms macs port proxycommand
  proxyjump pubkeyacceptedalgorithms pubkeyacceptedkeytypes revokedhostkeys serveralivecountmax serveraliveinterval stricthostkeychecking user userknownhostsfile`.split(
    /\s+/,
  ),
);
/** Options that change nothing for foobar: it keeps its connections where it likes, logs in by key and asks nobody. */
const needless = new Set(
  `batchmode checkhostip compression connectionattempts controlpath escapechar
  gssapiauthentication gssapidelegatecredentials hostbasedauthentication ipqos
  kbdinteractiveauthentication challengeresponseauthentication loglevel numberofpasswordprompts passwordauthentication
  preferredauthentications requesttty tcpkeepalive updatehostkeys visualhostkey`.split(/\s+/),
);

export const followedNames =
  'Ciphers, ConnectTimeout, ControlMaster, ControlPersist, GlobalKnownHostsFile, HashKnownHosts, HostKeyAlgorithms, HostKeyAlias, HostName, IdentitiesOnly, IdentityAgent, IdentityFile, KexAlgorithms, MACs, ' +
  'Port, ProxyCommand, ProxyJump, PubkeyAcceptedAlgorithms, RevokedHostKeys, ServerAliveCountMax, ServerAliveInterval, StrictHostKeyChecking, User, UserKnownHostsFile';

/** Letters of ssh(1) that take a value, with the option that they stand for. */
const letters: Record<string, string> = { i: 'IdentityFile', J: 'ProxyJump', l: 'User', p: 'Port' };

/**
 * Reads arguments of ssh(1), as Ansible's ssh_args hold them, into `options`; what foobar cannot follow is handed to
 * `unknown`. Gives the configuration file of `-F`.
 */
export function readArguments(
  line: string,
  options: SshOptions,
  unknown: (word: string) => void,
): string | undefined {
  let configuration: string | undefined;
  const words = shellWords(line);
  for (let at = 0; at < words.length; at++) {
    const word = words[at] ?? '';
    if (/^-[CqTtvnx]+$/.test(word)) continue;
    const short = /^-([FiJlop])(.*)$/s.exec(word);
    if (short === null) {
      unknown(word);
      continue;
    }
    const letter = short[1] as string;
    const value = short[2] || (words[++at] ?? '');
    if (letter === 'F') configuration ??= value;
    else if (letter !== 'o') options.set(letters[letter] as string, [value]);
    else {
      const directive = parseDirective(value);
      const name = directive?.name.toLowerCase() ?? '';
      if (directive !== undefined && followed.has(name)) options.set(name, directive.values);
      else if (!needless.has(name)) unknown(`-o ${value}`);
    }
  }
  return configuration;
}

/** Splits a line into words as a shell does, with single quotes, double quotes and backslashes. */
export function shellWords(line: string): string[] {
  const result: string[] = [];
  for (const [raw] of line.matchAll(/(?:'[^']*'|"(?:\\.|[^"\\])*"|\\.|[^\s'"\\])+/gs))
    result.push(
      raw.replace(/'([^']*)'|"((?:\\.|[^"\\])*)"|\\(.)/gs, (_all, single, double, escaped) =>
        single !== undefined ? single : double !== undefined ? double.replace(/\\(["\\$`])/g, '$1') : escaped,
      ),
    );
  return result;
}
