import { expect, it } from 'vitest';
import { parseUfw } from '../../src/firewall/ufw.ts';
import type { Site } from '../../src/verify/contract.ts';
import { verifyFirewall } from '../../src/verify/firewall.ts';

/** A site of which nothing answers. */
const site = (variables: Readonly<Record<string, Readonly<Record<string, unknown>>>>): Site => ({
  group: () => Object.keys(variables),
  groups: () => ({ all: Object.keys(variables) }),
  variable: (host, name) => variables[host]?.[name],
  reader: () => {
    throw new Error('does not answer');
  },
  unreachable: () => {},
});
const promises = async (of: Site) =>
  (await verifyFirewall(of)).map(({ host, promise, kept, seen }) => `${host} ${promise}: ${kept} ${seen}`);

it('looks at every address at which flows have a host, and at no host in vain', async () => {
  const flows = { operators: { from: 'internet', to: 'db1', ports: 'ssh' } };
  const db1 = { flows, address: '127.0.0.1', ansible_host: '192.0.2.1', address6: '::1' };
  expect(await promises(site({ db1, web1: { ansible_host: '127.0.0.2' }, web2: {} }))).toEqual([
    'db1 ufw is active and denies by default: false does not answer',
    'db1 nothing else can be reached at 127.0.0.1: false does not answer',
    'db1 nothing else can be reached at ::1: false does not answer',
    'web1 ufw is active and denies by default: false does not answer',
    'web1 nothing else can be reached at 127.0.0.2: false does not answer',
    'web2 ufw is active and denies by default: false does not answer',
    'web2 nothing else can be reached at its address: false the inventory gives it none',
  ]);
});

it('says of every host that there are no flows to hold it against', async () => {
  expect(await promises(site({ db1: { address: '192.0.2.1' } }))).toEqual([
    'db1 ufw is active and denies by default: false does not answer',
    'db1 nothing else can be reached at 192.0.2.1: false the inventory has no flows',
  ]);
});

it.each([
  ['allow', 'ACCEPT', true],
  ['allow', 'DROP', true],
  ['deny', 'DROP', true],
  ['deny', 'ACCEPT', false],
])('holds what may go out against egress: %s, %s', async (egress, outgoing, expected) => {
  const defaults = `IPV6=yes\nDEFAULT_INPUT_POLICY="DROP"\nDEFAULT_OUTPUT_POLICY="${outgoing}"\n`;
  const files = { defaults, conf: 'ENABLED=yes\n', userRules: '', user6Rules: '' };
  const state = parseUfw({ ...files, live: '', live6: '', without6: '', connection: '', resolvers: '' });
  const db1 = { flows: {}, address: '127.0.0.1', egress };
  const reader = { ask: async () => state, look: async () => ({ stdout: '' }) };
  const [active] = await verifyFirewall({ ...site({ db1 }), reader: () => reader as never });
  expect([active?.promise, active?.kept]).toEqual(['ufw is active and denies by default', expected]);
});
