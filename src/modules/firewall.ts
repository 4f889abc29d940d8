import { z } from 'zod';
import { NotYet, TaskFailure } from '../errors.ts';
import { type Flow, type Rule, rulesOf, ruleText } from '../firewall/rules.ts';
import { withRules } from '../firewall/rules-file.ts';
import type { UfwState } from '../firewall/ufw.ts';
import { ufw } from '../host/queries/ufw.ts';
import { replaceFile } from '../host/scripts.ts';
import { type Command, rawShell, sh } from '../host/sh.ts';
import { type Change, state } from './contract.ts';

const source = z
  .string()
  .regex(/^(any|[0-9.]+(\/\d+)?|[0-9a-fA-F:.]*:[0-9a-fA-F:.]*(\/\d+)?)$/, 'an address, a network or any');

const flow = z
  .strictObject({
    ports: z.array(z.coerce.number().int().min(1).max(65535)).min(1).describe('Ports that are let in.'),
    protocol: z.enum(['tcp', 'udp']).default('tcp').describe('Transport protocol.'),
    to: z.string().optional().describe('Group that the flow leads to; for the reader.'),
    from: z
      .array(source)
      .describe('Addresses and networks that may connect; any is everyone. None: no rule.'),
  })
  .describe('Who may reach which ports.');

const params = z.strictObject({
  flows: z.array(flow).describe('All that is let in besides SSH.'),
  ssh_from: z
    .array(source)
    .min(1)
    .default(['any'])
    .describe('Who may reach SSH, on the port of the connection that is in use and on ssh_ports.'),
  ssh_ports: z
    .array(z.coerce.number().int().min(1).max(65535))
    .default([])
    .describe('Further ports of SSH, for example the one it is about to move to.'),
  incoming: z
    .enum(['deny', 'reject'])
    .default('deny')
    .describe('What happens to everything else that comes in.'),
  outgoing: z.enum(['allow', 'deny', 'reject']).default('allow').describe('Default for what goes out.'),
  purge: z
    .boolean()
    .default(true)
    .describe('Remove rules that no flow asks for, such as those added by hand.'),
});
type Want = z.infer<typeof params>;

/** A whole ruleset is one state: what is listed is open, nothing else is, SSH first. */
export default state<Want, UfwState>({
  summary: 'Manage the whole ruleset of the host firewall ufw, IPv4 and IPv6.',
  params,
  mayClose: () => ['firewall'],
  async have(want, host, context) {
    const found = await host.ask(ufw, undefined);
    if (!found) throw new NotYet('ufw is not installed on the host', 'Install the package ufw first.');
    return found;
  },
  diff(want, have) {
    const wanted = wantedRules(want, have);
    const texts = new Set(wanted.map(ruleText));
    const there = new Set(have.rules.map(ruleText));
    const list: Change[] = [];
    const differs = (what: string, from: unknown, to: unknown): void => {
      if (from !== to) list.push({ what, from, to });
    };
    differs('ipv6', have.ipv6, true);
    differs('incoming', have.incoming, want.incoming);
    differs('outgoing', have.outgoing, want.outgoing);
    for (const text of texts) if (!there.has(text)) list.push({ what: 'rule', from: undefined, to: text });
    if (want.purge) {
      for (const text of there) if (!texts.has(text)) list.push({ what: 'rule', from: text, to: undefined });
      for (const other of have.others) list.push({ what: 'rule', from: other.tuple, to: undefined });
    }
    differs('enabled', have.enabled, true);
    for (const text of have.notLoaded) list.push({ what: 'loaded rule', from: undefined, to: text });
    for (const text of have.loadedOnly) list.push({ what: 'loaded rule', from: text, to: undefined });
    return list;
  },
  async fix(changes, want, have, host) {
    const steps = [rawShell('set -e')];
    const gives = (what: string): boolean => changes.some((change) => change.what === what);
    if (gives('ipv6')) steps.push(sh`sed -i ${'s/^[[:space:]]*IPV6=.*/IPV6=yes/'} /etc/default/ufw`);
    const added = wantedRules(want, have).filter((rule) =>
      changes.some((change) => change.what === 'rule' && change.to === ruleText(rule)),
    );
    steps.push(...(written(added, have) ?? added.map((rule) => allow(rule))));
    if (gives('incoming')) steps.push(sh`ufw default ${want.incoming} incoming`);
    if (gives('outgoing')) steps.push(sh`ufw default ${want.outgoing} outgoing`);
    for (const rule of have.rules)
      if (changes.some((change) => change.what === 'rule' && change.from === ruleText(rule)))
        steps.push(allow(rule, 'delete'));
    if (gives('rule') && want.purge && have.others.length > 0)
      throw new TaskFailure(
        `ufw has rules that this module does not manage: ${have.others.map((other) => other.tuple).join('; ')}`,
        'Delete them with ufw, or set purge: false to keep every rule that no flow asks for.',
      );
    if (!have.enabled) steps.push(rawShell('ufw --force enable'));
    else if (gives('loaded rule') || gives('ipv6')) steps.push(rawShell('ufw reload'));
    await host.run(rawShell(steps.map((step) => step.text).join('\n')));
  },
});

/** SSH comes first: it is allowed before anything is denied. */
function wantedRules(want: Want, have: UfwState): Rule[] {
  const ports = [...(have.sshPort === undefined ? [] : [have.sshPort]), ...want.ssh_ports];
  if (ports.length === 0)
    throw new TaskFailure(
      'the port of SSH on this host is not known, and denying it would lock everyone out',
      'Give it as ssh_ports.',
    );
  const ssh: Flow = { ports, protocol: 'tcp', from: want.ssh_from };
  const separate = ports.map((port): Flow => ({ ...ssh, ports: [port] }));
  return rulesOf([...separate, ...want.flows]);
}

/**
 * While ufw is off nothing of its files is in force: all rules are written at once there, each file in one step and
 * only if iptables takes it. One `ufw` for each rule is what takes long. Undefined where that is not possible.
 */
function written(rules: readonly Rule[], have: UfwState): Command[] | undefined {
  if (have.enabled) return undefined;
  const steps: Command[] = [];
  for (const family of [4, 6] as const) {
    const own = rules.filter((rule) => rule.family === family);
    if (own.length === 0) continue;
    const text = withRules(have.files[family], family, own);
    if (text === undefined) return undefined;
    const six = family === 6 ? '6' : '';
    const validate = `ip${six}tables-restore --noflush --test <%s`;
    steps.push(sh`(\n${replaceFile(`/etc/ufw/user${six}.rules`, text, { validate })}\n)`);
  }
  return steps;
}

/** ufw writes a rule for `any` to both families at once; the second of the pair is then there already. */
function allow(rule: Rule, verb: 'add' | 'delete' = 'add'): Command {
  const any = rule.family === 6 ? '::/0' : '0.0.0.0/0';
  const from = rule.from === 'any' ? any : rule.from;
  const words = sh`proto ${rule.protocol} from ${from} to ${any} port ${rule.ports.join(',')}`;
  return verb === 'add' ? sh`ufw allow ${words}` : sh`ufw delete allow ${words}`;
}
