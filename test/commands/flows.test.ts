import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { type FlowsOptions, flows } from '../../src/commands/flows.ts';
import { ProjectError } from '../../src/errors.ts';
import { captured } from './output.ts';
import { site } from './site.ts';

const hosts = `
  children:
    balancer: {hosts: {lb1: {ansible_host: 192.0.2.10, address6: "2001:DB8::10"}}}
    web: {hosts: {web1: {ansible_host: 192.0.2.11}, web2: {ansible_host: 192.0.2.12}}}
`;
const folder = site({
  'site.yaml': '- hosts: all\n  gather_facts: false\n  tasks: []\n',
  'inventory.yaml': `all:
  vars:
    flows:
      site: {from: internet, to: balancer, ports: [443, 80], why: visitors}
      app: {from: balancer, to: web, ports: 8000-8001, tls: required, why: their pages}
      operators: {from: 198.51.100.0/24, to: all, ports: ssh, why: us}
      names: {from: all, to: 192.0.2.53, ports: 53, protocol: udp}
${hosts}`,
  'wrong.yaml': `all:\n  vars:\n    flows:\n      app: {from: balancr, to: web, ports: 80}\n${hosts}`,
  'same.yaml': `all:
  vars:
    flows:
      sql: {from: web, to: database, ports: 3306}
${hosts}    database: {hosts: {web1: , web2: }}
`,
  'without.yaml': `all:${hosts}`,
});

const shown = async (inventory: string, more: Partial<FlowsOptions> = {}): Promise<string[]> => {
  const options = { playbook: join(folder, 'site.yaml'), tags: [], skipTags: [], extraVars: [], ...more };
  const { stdout } = await captured(() => flows({ inventory: join(folder, inventory), ...options }));
  return stdout.split('\n').map((line) => line.replace(/ {2,}/g, ' | ').trimEnd());
};

describe('foobar flows', () => {
  it('prints each flow in a row, with groups where they say it, and the hosts', async () => {
    expect(await shown('inventory.yaml')).toEqual([
      'flow | from | to | ports | why',
      'site | internet | → | lb1 | 80, 443 | visitors',
      'app | lb1 | → | web | 8000-8001 | TLS | their pages',
      'operators | 198.51.100.0/24 | → | all | 22 | us',
      'names | all | → | 192.0.2.53 | udp 53',
      '',
      'host | groups | addresses',
      'lb1 | balancer | 192.0.2.10 2001:DB8::10',
      'web1 | web | 192.0.2.11',
      'web2 | web | 192.0.2.12',
      '',
    ]);
  });

  it('names hosts of several groups by the one that the flow names', async () => {
    expect((await shown('same.yaml'))[1]).toBe('sql | web | → | database | 3306');
  });

  it('gives each passage as an event', async () => {
    const events = (await shown('inventory.yaml', { output: 'json' }))
      .filter(Boolean)
      .map((line) => JSON.parse(line));
    expect(events).toHaveLength(1 + 2 + 3 + 3);
    expect(events[1]).toEqual({
      event: 'passage',
      flow: 'app',
      from: { kind: 'host', name: 'lb1', addresses: ['192.0.2.10', '2001:db8::10'] },
      to: { kind: 'host', name: 'web1', addresses: ['192.0.2.11'] },
      protocol: 'tcp',
      ports: [[8000, 8001]],
      tls: true,
      why: 'their pages',
    });
  });

  it('draws them, and says where it cannot', async () => {
    const svg = join(folder, 'flows.svg');
    await shown('inventory.yaml', { svg });
    expect(readFileSync(svg, 'utf8')).toMatch(/^<svg [\s\S]*web2/);
    const nowhere = join(folder, 'missing', 'flows.svg');
    await expect(shown('inventory.yaml', { svg: nowhere })).rejects.toThrow(
      'the picture cannot be written: ENOENT',
    );
    expect(existsSync(nowhere)).toBe(false);
  });

  it('tells a mistake with its line and what was meant, and an inventory without flows', async () => {
    const error = (await shown('wrong.yaml').catch((thrown) => thrown)) as ProjectError;
    expect(error).toBeInstanceOf(ProjectError);
    expect(error.problems).toMatchObject([
      {
        message: 'flow app: balancr is no group, host, address or network, and not internet or all',
        hint: 'did you mean balancer?',
        place: { file: join(folder, 'wrong.yaml'), line: 4 },
      },
    ]);
    await expect(shown('without.yaml')).rejects.toThrow('the inventory has no flows');
  });
});
