import { z } from 'zod';
import { NotYet, TaskFailure } from '../errors.ts';
import { changesNothing, insertAt, readSettings, ruleWords, type UfwSettings } from '../firewall/call.ts';
import type { HostReader } from '../host/contract.ts';
import { type Command, rawShell, sh } from '../host/sh.ts';
import { type Change, state } from './contract.ts';
import { ansibleBoolean, integer, text, withAliases } from './shared/params.ts';

const onOff = z.preprocess(
  (value) => (typeof value === 'boolean' ? (value ? 'on' : 'off') : value),
  z.string(),
);

const params = withAliases(
  z
    .strictObject({
      state: z
        .enum(['enabled', 'disabled', 'reloaded', 'reset'])
        .optional()
        .describe('enabled and disabled: now and at boot; reset: disabled, and all rules gone.'),
      default: z
        .enum(['allow', 'deny', 'reject'])
        .optional()
        .describe('What happens to traffic that no rule is about, in the given direction.')
        .meta({ aliases: ['policy'] }),
      direction: z
        .enum(['in', 'incoming', 'out', 'outgoing', 'routed'])
        .optional()
        .describe('in or out for a rule; incoming, outgoing or routed for default.'),
      logging: onOff
        .pipe(z.enum(['on', 'off', 'low', 'medium', 'high', 'full']))
        .optional()
        .describe('What is logged.'),
      rule: z.enum(['allow', 'deny', 'limit', 'reject']).optional().describe('The rule to add or delete.'),
      delete: ansibleBoolean.default(false).describe('Delete the rule.'),
      insert: integer.optional().describe('Number that the new rule is to have; the first is 1.'),
      insert_relative_to: z
        .enum(['first-ipv4', 'first-ipv6', 'last-ipv4', 'last-ipv6', 'zero'])
        .default('zero')
        .describe('What insert counts from.'),
      route: ansibleBoolean.default(false).describe('The rule is for traffic that is passed on.'),
      log: ansibleBoolean.default(false).describe('Log new connections that match the rule.'),
      from_ip: text
        .default('any')
        .describe('Source address or network.')
        .meta({ aliases: ['from', 'src'] }),
      from_port: text.optional().describe('Source port.'),
      to_ip: text
        .default('any')
        .describe('Destination address or network.')
        .meta({ aliases: ['to', 'dest'] }),
      to_port: text
        .optional()
        .describe('Destination port, several with commas, a range with a colon.')
        .meta({ aliases: ['port'] }),
      proto: z
        .enum(['any', 'tcp', 'udp', 'ipv6', 'esp', 'ah', 'gre', 'igmp', 'vrrp'])
        .optional()
        .describe('Protocol.')
        .meta({ aliases: ['protocol'] }),
      name: text
        .optional()
        .describe('Application profile of /etc/ufw/applications.d.')
        .meta({ aliases: ['app'] }),
      interface: text
        .optional()
        .describe('Interface; direction says for which way.')
        .meta({ aliases: ['if'] }),
      interface_in: text
        .optional()
        .describe('Interface that traffic comes in on.')
        .meta({ aliases: ['if_in'] }),
      interface_out: text
        .optional()
        .describe('Interface that traffic goes out on.')
        .meta({ aliases: ['if_out'] }),
      comment: text.optional().describe('Comment on the rule.'),
    })
    .superRefine((want, context) => {
      const given = (...names: (keyof typeof want)[]) => names.filter((name) => want[name] !== undefined);
      const complain = (message: string) => context.addIssue({ code: 'custom', message });
      if (given('state', 'default', 'rule', 'logging').length === 0)
        complain('one of the following is required: state, default, rule, logging');
      for (const group of [
        ['name', 'proto', 'logging'],
        ['direction', 'interface_in'],
        ['direction', 'interface_out'],
      ] as (keyof typeof want)[][])
        if (given(...group).length > 1) complain(`parameters are mutually exclusive: ${group.join('|')}`);
      if (want.interface !== undefined && want.direction === undefined)
        complain("missing parameter(s) required by 'interface': direction");
      const { direction } = want;
      if (want.default !== undefined && (direction === 'in' || direction === 'out'))
        complain('For default, direction must be one of "outgoing", "incoming" and "routed", or not given.');
      if (want.rule !== undefined && direction !== undefined && direction !== 'in' && direction !== 'out')
        complain('For rules, direction must be one of "in" and "out", or not given.');
      if (want.rule !== undefined && !want.route && want.interface_in && want.interface_out)
        complain('Only route rules can combine interface_in and interface_out');
    }),
);
type Want = z.output<typeof params>;

interface State {
  readonly settings: UfwSettings;
  /** Whether the rule would change anything. */
  readonly differs: boolean;
  readonly rule: Command | undefined;
}

export default state<Want, State>({
  summary: 'Call the host firewall ufw: one rule, policy or state at a time.',
  params,
  mayClose: () => ['firewall'],

  async have(want, host) {
    const rule = want.rule === undefined ? undefined : await ruleOf(want, host);
    const dry = rule === undefined ? rawShell(':') : sh`LANG=C ufw --dry-run ${rule} 2>&1`;
    const { code, stdout } = await host.look(
      sh`[ -e /usr/sbin/ufw ] || exit 90
for f in /etc/ufw/ufw.conf /etc/default/ufw /etc/ufw/user.rules /etc/ufw/user6.rules; do
[ ! -e "$f" ] || cat "$f"; echo; echo '=== foobar ==='; done
${dry}`,
      { expect: 'any' },
    );
    if (code === 90)
      throw new NotYet(`ufw is not installed on ${host.name}`, 'install the package ufw before');
    const [conf = '', defaults = '', v4 = '', v6 = '', said = ''] = stdout.split('=== foobar ===\n');
    if (code !== 0) throw new TaskFailure(`ufw on ${host.name}: ${said.trim() || `exit code ${code}`}`);
    const differs = rule !== undefined && !changesNothing(said, { v4, v6 });
    return { settings: readSettings(conf, defaults), differs, rule };
  },

  diff: differences,

  async fix(changes, want, { rule }, host) {
    const differs = (what: string) => changes.some((change) => change.what.startsWith(what));
    const verbs = { enabled: 'enable', disabled: 'disable', reloaded: 'reload', reset: 'reset' };
    const steps = [rawShell('set -e; export LANG=C')];
    if (want.state !== undefined && differs('state')) steps.push(sh`ufw --force ${verbs[want.state]}`);
    if (want.default !== undefined && differs('default'))
      steps.push(sh`ufw default ${want.default} ${directionOf(want)}`);
    if (rule !== undefined && differs('rule')) steps.push(sh`ufw ${rule}`);
    if (want.logging !== undefined && differs('logging')) steps.push(sh`ufw logging ${want.logging}`);
    await host.run(rawShell(steps.map((step) => step.text).join('\n')));
  },

  verify(want, _before, after) {
    if (want.state === 'reset' && after.settings.enabled)
      return [{ what: 'state', from: 'enabled', to: 'disabled' }];
    const once = want.state === 'reloaded' || want.state === 'reset';
    return differences({ ...want, ...(once ? { state: undefined } : {}) }, after);
  },

  result: (want, { rule, settings }) => ({
    commands: rule === undefined ? [] : [`/usr/sbin/ufw ${rule.text}`],
    msg: `Status: ${settings.enabled ? 'active' : 'inactive'}`,
    ...(want.state === undefined ? {} : { state: want.state }),
  }),
});

function differences(want: Want, { settings, differs: ruleDiffers, rule }: State): Change[] {
  const list: Change[] = [];
  const differs = (what: string, from: unknown, to: unknown) => {
    if (from !== to) list.push({ what, from, to });
  };
  const now = settings.enabled ? 'enabled' : 'disabled';
  if (want.state !== undefined) differs('state', now, want.state);
  if (want.default !== undefined) {
    const way = directionOf(want);
    differs(`default (${way})`, settings.policies[way], want.default);
  }
  if (rule !== undefined && ruleDiffers)
    list.push(
      want.delete
        ? { what: 'rule', from: rule.text.replace('delete ', ''), to: undefined }
        : { what: 'rule', from: undefined, to: rule.text },
    );
  if (want.logging === 'on') differs('logging', settings.logging === 'off' ? 'off' : 'on', 'on');
  else if (want.logging !== undefined) differs('logging', settings.logging, want.logging);
  return list;
}

function directionOf({ direction }: Want): 'incoming' | 'outgoing' | 'routed' {
  return direction === 'outgoing' || direction === 'routed' ? direction : 'incoming';
}

async function ruleOf(want: Want, host: HostReader): Promise<Command> {
  const relative = want.insert !== undefined && !want.delete && want.insert_relative_to !== 'zero';
  const numbered = relative
    ? await host.look(rawShell('LANG=C ufw status numbered'), { expect: 'any' })
    : undefined;
  const insert =
    want.insert === undefined
      ? undefined
      : insertAt(want.insert, want.insert_relative_to, numbered?.stdout ?? '');
  return sh`${ruleWords({ ...want, rule: want.rule!, insert })}`;
}
