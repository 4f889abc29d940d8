import { z } from 'zod';
import { NotYet, TaskFailure } from '../errors.ts';
import { isNetwork } from '../firewall/addresses.ts';
import { isOurs, lets, type Rule, rulesOf, ruleText } from '../firewall/rules.ts';
import { isWhole, type WrittenRule, withRules } from '../firewall/rules-file.ts';
import type { UfwState } from '../firewall/ufw.ts';
import { ufw } from '../host/queries/ufw.ts';
import { replaceFile } from '../host/scripts.ts';
import { rawShell, sh } from '../host/sh.ts';
import { type Change, state } from './contract.ts';

const peer = z
  .string()
  .refine((text) => text === 'any' || isNetwork(text), 'expected an address, a network or any');
const port = z
  .union([z.coerce.number().int().min(1).max(65535), z.string().regex(/^\d+:\d+$/)])
  .transform(String);

const flow = z
  .strictObject({
    name: z.string().optional().describe('Name of the flow; ufw shows it beside the rule.'),
    direction: z.enum(['in', 'out']).default('in').describe('Whether peers come in or are gone out to.'),
    ports: z.array(port).default([]).describe('Ports at the side that is connected to; ranges as 8000:8010.'),
    protocol: z.enum(['tcp', 'udp', 'vrrp']).default('tcp').describe('Protocol; vrrp has no ports.'),
    peers: z
      .array(peer)
      .describe('Addresses and networks at the other side; any is everyone. None: no rule.'),
  })
  .refine(({ ports, protocol }) => (protocol === 'vrrp') === (ports.length === 0), 'tcp and udp need ports')
  .describe('Who may reach which ports.');

const params = z.strictObject({
  flows: z
    .array(flow)
    .describe(
      "All that is open, as lookup('flows', rules_of=inventory_hostname) gives it; SSH is one of them.",
    ),
  incoming: z
    .enum(['deny', 'reject'])
    .default('deny')
    .describe('What happens to everything else that comes in.'),
  outgoing: z
    .enum(['allow', 'deny', 'reject'])
    .default('allow')
    .describe('What happens to everything else that goes out.'),
  manual_rules: z
    .enum(['remove', 'report', 'keep'])
    .default('remove')
    .describe(
      "Rules that no flow has asked for, such as those added by hand: remove takes them away, report leaves them and warns of them in every run, keep leaves them and names them with -v and in the task's result only. Rules of flows that are gone are removed in any case.",
    ),
});
type Want = z.infer<typeof params>;

/** A whole ruleset is one state: what is listed is open, nothing else is. */
export default state<Want, UfwState>({
  summary: 'Manage the whole ruleset of the host firewall ufw, IPv4 and IPv6.',
  params,
  mayClose: () => ['firewall'],
  async have(want, host, context) {
    const found = await host.ask(ufw, undefined);
    if (!found) throw new NotYet('ufw is not installed on the host', 'Install the package ufw first.');
    const manual = want.manual_rules === 'remove' ? [] : manualRules(want, found);
    const said = `no flow asks for these rules of the firewall: ${manual.join('; ')}`;
    if (manual.length > 0 && want.manual_rules === 'report') context.warn(said);
    else if (manual.length > 0 && context.verbosity > 0) context.say(said, 'message');
    return found;
  },
  diff(want, have) {
    const wanted = wantedRules(want, have);
    const there = new Set(have.rules.map(ruleText));
    const texts = new Set(wanted.map(ruleText));
    const list: Change[] = [];
    const differs = (what: string, from: unknown, to: unknown): void => {
      if (from !== to) list.push({ what, from, to });
    };
    for (const family of [4, 6] as const)
      differs(`rules of IPv${family}`, isWhole(have.files[family]) ? 'whole' : 'not whole', 'whole');
    differs('ipv6', have.ipv6, true);
    differs('incoming', have.incoming, want.incoming);
    differs('outgoing', have.outgoing, want.outgoing);
    for (const text of texts) if (!there.has(text)) list.push({ what: 'rule', from: undefined, to: text });
    for (const written of have.written)
      if (!(written.rule && texts.has(ruleText(written.rule))) && !stays(want, written))
        list.push({ what: 'rule', from: writtenText(written), to: undefined });
    differs('enabled', have.enabled, true);
    for (const text of have.notLoaded) list.push({ what: 'loaded rule', from: undefined, to: text });
    for (const text of have.loadedOnly) list.push({ what: 'loaded rule', from: text, to: undefined });
    return list;
  },
  /**
   * Both files are checked complete before either is put in place, each is replaced whole, and each is loaded by one
   * call, which the kernel carries out whole: it touches the user's chains only, never those that let established
   * connections through.
   */
  async fix(changes, want, have, host) {
    const gives = (...names: string[]): boolean => changes.some(({ what }) => names.includes(what));
    const steps = ['set -e'];
    const loads: string[] = [];
    const wanted = wantedRules(want, have);
    for (const family of [4, 6] as const) {
      const text = withRules(have.files[family], family, wanted, (written) => stays(want, written));
      const load = `${family === 4 ? 'iptables' : 'ip6tables'}-restore --noflush`;
      const path = `/etc/ufw/user${family === 4 ? '' : '6'}.rules`;
      const differs = text !== have.files[family];
      // A kernel without IPv6 can check and load none of its rules; they are there for when it has it.
      const isThere = have.families.includes(family);
      const validate = isThere ? { validate: `${load} --test <%s` } : {};
      if (differs) steps.push(`(\n${replaceFile(path, text, { ...validate, mode: 0o640 }).text}\n)`);
      if (isThere && (differs || gives('loaded rule'))) loads.push(`${load} <${path}`);
    }
    if (gives('ipv6'))
      steps.push(
        sh`sed -i ${'s/^[[:space:]]*IPV6=.*/IPV6=yes/'} /etc/default/ufw`.text,
        'grep -q ^IPV6= /etc/default/ufw || echo IPV6=yes >>/etc/default/ufw',
      );
    if (have.enabled && have.ipv6) steps.push(...loads);
    if (gives('incoming')) steps.push(sh`ufw default ${want.incoming} incoming`.text);
    if (gives('outgoing')) steps.push(sh`ufw default ${want.outgoing} outgoing`.text);
    if (!have.enabled) steps.push('ufw --force enable');
    else if (gives('ipv6', 'rules of IPv4', 'rules of IPv6')) steps.push('ufw reload');
    await host.run(rawShell(steps.join('\n')));
  },
  result: (want, have) => ({ manual_rules: want.manual_rules === 'remove' ? [] : manualRules(want, have) }),
});

/** A rule that no flow asks for is left alone only when no flow ever did. */
function stays({ manual_rules }: Want, written: WrittenRule): boolean {
  return manual_rules !== 'remove' && !isOurs(written);
}

function writtenText({ rule, tuple }: WrittenRule): string {
  return rule ? ruleText(rule) : tuple;
}

function manualRules(want: Want, have: UfwState): string[] {
  const texts = new Set(openRules(want).map(ruleText));
  return have.written
    .filter((written) => !(written.rule && texts.has(ruleText(written.rule))) && !isOurs(written))
    .map(writtenText);
}

/** What goes out needs no rules where all of it may. */
function openRules({ flows, outgoing }: Want): Rule[] {
  return rulesOf(flows.filter(({ direction }) => direction === 'in' || outgoing !== 'allow'));
}

/** The rules, unless they would cut off the run itself or what the host needs to go on. */
function wantedRules(want: Want, have: UfwState): Rule[] {
  const rules = openRules(want);
  const { ssh, nameservers } = have;
  if (ssh && !rules.some((rule) => lets(rule, 'in', 'tcp', ssh.port, ssh.from)))
    throw new TaskFailure(
      `the flows would cut off this very connection: none lets ${ssh.from} in at port ${ssh.port}, where sshd was reached`,
      'Lead a flow with `ports: ssh` from that address to this host; where sshd has another port than ansible_port says, give it as ssh_port.',
    );
  const asks = (rule: Rule) => nameservers.some((address) => lets(rule, 'out', 'udp', 53, address));
  if (want.outgoing !== 'allow' && nameservers.length > 0 && !rules.some(asks))
    throw new TaskFailure(
      `the flows would cut this host off DNS: it asks ${nameservers.join(', ')}, and nothing leads there`,
      'Lead a flow with `ports: 53, protocol: udp` from this host to them, or leave out `egress: deny`.',
    );
  return rules;
}
