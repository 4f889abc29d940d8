import { expect, test } from 'vitest';
import { type Fleet, fleet, type Rendering, renderTemplate, renderVariable } from './render.ts';

const pair: Fleet = {
  groups: {
    ...fleet.groups,
    all: [...fleet.groups.all!, 'balancer2'],
    balancer: ['balancer1', 'balancer2'],
  },
  hostvars: {
    ...fleet.hostvars,
    balancer2: { address: '198.18.0.14', address6: 'fd00:198:18::14' },
  },
};
const four = { balancer_virtual_address: '198.18.0.5' };
const six = { balancer_virtual_address6: 'fd00:198:18::5' };
const on = (variables: Rendering['variables'] = {}, host = 'balancer1', used = pair): Rendering => ({
  host,
  fleet: used,
  variables,
});
const config = (variables: Rendering['variables'], stdout_lines: readonly string[], host = 'balancer1') =>
  renderTemplate(
    'balancer',
    'keepalived.conf.j2',
    on({ ...variables, balancer_networks: { stdout_lines } }, host),
  );
/** The words of each line of a block. */
const block = (text: string, name: string) =>
  new RegExp(`^ *${name} \\{\\n([^}]*)\\}`, 'm')
    .exec(text)?.[1]
    ?.split('\n')
    .map((line) => line.trim())
    .filter((line) => line !== '' && !line.startsWith('#'));

test('one balancer shares nothing, whatever is set', () => {
  const alone = on({ ...four, ...six }, 'balancer1', fleet);
  expect(renderVariable('balancer', 'balancer_virtual_addresses', alone)).toEqual([]);
  expect(renderVariable('balancer', 'balancer_virtual_addresses', on())).toEqual([]);
  const cfg = renderTemplate('balancer', 'haproxy.cfg.j2', alone);
  expect(cfg).toBe(renderTemplate('balancer', 'haproxy.cfg.j2', { host: 'balancer1' }));
});

test('HAProxy says whether it can send visitors anywhere', () => {
  expect(renderTemplate('balancer', 'haproxy.cfg.j2', on(four))).toContain(
    'http-request return status 200 if { path /serves } { nbsrv(web_https) gt 0 }\n',
  );
});

test('both families move together, between equals that know each other', () => {
  const lines = ['198.18.0.5 eth0', 'fd00:198:18::5 eth1'];
  const text = config({ ...four, ...six }, lines, 'balancer2');
  expect(block(text, 'virtual_ipaddress')).toEqual(['198.18.0.5 dev eth0']);
  expect(block(text, 'virtual_ipaddress_excluded')).toEqual(['fd00:198:18::5 dev eth1']);
  expect(block(text, 'track_interface')).toEqual(['eth0', 'eth1']);
  expect(text).toContain('unicast_src_ip 198.18.0.14\n');
  expect(block(text, 'unicast_peer')).toEqual(['198.18.0.10 min_ttl 255']);
  const priority = /^ *priority .*$/m;
  expect(priority.exec(text)?.[0]).toBe(priority.exec(config({ ...four, ...six }, lines))?.[0]);
});

test('IPv6 alone is told by IPv6', () => {
  const text = config(six, ['fd00:198:18::5 eth0']);
  expect(block(text, 'virtual_ipaddress')).toEqual(['fd00:198:18::5 dev eth0']);
  expect(block(text, 'virtual_ipaddress_excluded')).toBeUndefined();
  expect(text).toContain('unicast_src_ip fd00:198:18::10\n');
  expect(block(text, 'unicast_peer')).toEqual(['fd00:198:18::14 min_ttl 255']);
});
