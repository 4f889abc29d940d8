import { describe, expect, it } from 'vitest';
import { type FlowSite, resolveFlows } from '../../src/firewall/flows.ts';
import { drawFlows } from '../../src/firewall/picture.ts';
import { boxesOf, type Mark, rowsOf } from '../../src/firewall/picture-lanes.ts';
import { parseYaml } from '../../src/yaml/located.ts';

/** A site of some hosts in each group, as the inventory would have it. */
function siteOf(counts: Readonly<Record<string, number>>): FlowSite {
  const groups = new Map(
    Object.entries(counts).map(([group, count]) => [
      group,
      Array.from({ length: count }, (_host, index) => `${group}${index + 1}`),
    ]),
  );
  const names = [...groups].flatMap(([group, hosts]) => hosts.map((name) => ({ name, groups: [group] })));
  return {
    groups,
    hosts: new Map(
      names.map((host, index) => [
        host.name,
        { ...host, addresses: [`192.0.2.${index + 1}`, `2001:db8::${index + 1}`], sshPorts: [22] },
      ]),
    ),
    exporters: { all: [9100], web: [9113, 3903] },
  };
}

const written = `
site: { from: internet, to: balancer, ports: [80, 443], why: "visitors & <others>" }
web: { from: balancer, to: web, ports: [80, 443] }
sql: { from: web, to: database, ports: 3306, tls: required }
replication: { from: database, to: database, ports: 3306, tls: required }
metrics: { from: monitoring, to: all, ports: exporters }
operators: { from: [203.0.113.0/24, 198.51.100.7], to: all, ports: ssh }
names: { from: all, to: 192.0.2.250, ports: 53, protocol: udp, why: DNS }
calls: { from: web, to: database, ports: 8000-8010 }
`;
const flows = (site: FlowSite) => resolveFlows(parseYaml(written, 'flows.yaml'), site);
const seven = siteOf({ balancer: 1, web: 2, database: 3, monitoring: 1 });
const thirty = siteOf({ balancer: 2, web: 20, database: 5, cache: 2, monitoring: 1 });

describe('boxesOf', () => {
  it('puts hosts that are alike into one box, who only asks left and who is asked right of them', () => {
    const boxes = boxesOf(flows(seven), [...seven.hosts.values()], []);
    expect(boxes.map(({ kind, title, lines }) => [kind, title.join(' '), lines.join(' ')])).toEqual([
      ['internet', 'internet', 'anybody'],
      ['network', 'addresses', '203.0.113.0/24 198.51.100.7'],
      ['hosts', 'balancer', 'balancer1'],
      ['hosts', 'web', 'web1 web2'],
      ['hosts', 'database', 'database1 database2 database3'],
      ['hosts', 'monitoring', 'monitoring1'],
      ['network', 'address', '192.0.2.250'],
    ]);
  });

  it('tells hosts of a group apart where a flow does', () => {
    const passages = resolveFlows(
      parseYaml('copy: { from: database3, to: database1, ports: 873 }', 'f'),
      seven,
    );
    const boxes = boxesOf(passages, [...seven.hosts.values()], []);
    expect(boxes.filter(({ title }) => title[0] === 'database').map(({ members }) => members)).toEqual([
      ['database1'],
      ['database2'],
      ['database3'],
    ]);
  });

  it('names the first and the last of many', () => {
    const boxes = boxesOf(flows(thirty), [...thirty.hosts.values()], []);
    expect(boxes.find(({ title }) => title[0] === 'web')?.lines).toEqual([
      'web1',
      'web2',
      '…',
      'web20',
      '(20)',
    ]);
  });
});

describe('rowsOf', () => {
  const passages = flows(seven);
  const boxes = boxesOf(passages, [...seven.hosts.values()], []);
  const rows = new Map(rowsOf(passages, boxes).map((row) => [row.name, row]));

  it('leads from the boxes that ask to those that are asked, each with its ports', () => {
    const metrics = rows.get('metrics');
    expect([...(metrics?.sources ?? [])]).toEqual([5]);
    expect([...(metrics?.targets ?? [])]).toEqual([
      [2, { label: '9100', arrows: ['right'], among: false, side: 'right' }],
      [3, { label: '3903, 9100, 9113', arrows: ['right'], among: false, side: 'right' }],
      [4, { label: '9100', arrows: ['right'], among: false, side: 'right' }],
    ]);
  });

  it('says what goes on among the hosts of one box, protocols, ranges and TLS', () => {
    const replication = rows.get('replication');
    expect([...(replication?.targets ?? [])]).toEqual([
      [4, { label: '3306 TLS', arrows: [], among: true, side: 'right' }],
    ]);
    expect(replication?.across.size).toBe(0);
    expect([...rows.keys()]).toContain('names (udp)');
    expect(rows.get('calls')?.targets.get(4)?.label).toBe('8000–8010');
  });
});

interface Rectangle {
  readonly what: string;
  readonly left: number;
  readonly right: number;
  readonly top: number;
  readonly bottom: number;
}

/** Where the texts of a picture stand, in a typeface as wide as DejaVu Sans. */
function texts(picture: string): Rectangle[] {
  const found = picture.matchAll(
    /<text class="(\S+)[^"]*" x="([\d.]+)" y="([\d.]+)"(?: text-anchor="(\w+)")?>([^<]*)</g,
  );
  return [...found].map(([, kind = '', x, y, anchor = 'start', content = '']) => {
    const size = kind === 'title' || kind === 'name' ? 14 : 12;
    const width = content.replace(/&#\d+;/g, '?').length * size * 0.62;
    const left = Number(x) - (anchor === 'end' ? width : anchor === 'middle' ? width / 2 : 0);
    return { what: content, left, right: left + width, top: Number(y) - size * 0.75, bottom: Number(y) };
  });
}

describe('drawFlows', () => {
  const marks: Mark[] = [
    {
      mark: 'open',
      name: 'open though not meant',
      why: 'web1 → database1',
      from: ['web1'],
      to: ['database1'],
      ports: '3307',
    },
    {
      mark: 'closed',
      name: 'closed though meant',
      why: 'outside → web2',
      from: ['outside'],
      to: ['web2'],
      ports: '80, 443',
    },
  ];

  it.each([
    ['seven hosts', seven],
    ['thirty hosts', thirty],
    ['four hosts', siteOf({ balancer: 1, web: 3, database: 1, monitoring: 1 })],
  ])('keeps texts apart and inside with %s', (_name, site) => {
    const picture = drawFlows(flows(site), [...site.hosts.values()], marks);
    const [, width = 0, height = 0] = (/viewBox="0 0 (\d+) (\d+)"/.exec(picture) ?? []).map(Number);
    const all = texts(picture);
    expect(all.length).toBeGreaterThan(40);
    for (const [index, one] of all.entries()) {
      expect(one.left).toBeGreaterThan(0);
      expect(one.right, one.what).toBeLessThan(width);
      expect(one.bottom).toBeLessThan(height);
      for (const other of all.slice(index + 1)) {
        const isApart =
          one.right <= other.left ||
          other.right <= one.left ||
          one.bottom <= other.top ||
          other.bottom <= one.top;
        expect(isApart, `${one.what} and ${other.what}`).toBe(true);
      }
    }
  });

  it('is the same for the same flows, and well formed', () => {
    const draw = () => drawFlows(flows(seven), [...seven.hosts.values()]);
    expect(draw()).toBe(draw());
    expect(draw()).toContain('visitors &#38; &#60;others&#62;');
    expect(draw()).toMatch(/^<svg [^>]*>\n[\s\S]*<\/svg>\n$/);
    expect(draw()).not.toMatch(/class="[^"]*(open|closed)"/);
  });

  it('draws in red what differs', () => {
    const picture = drawFlows(flows(seven), [...seven.hosts.values()], marks);
    expect(picture).toContain('class="ports open"');
    expect(picture).toContain('class="way closed"');
    expect(picture).toContain('>3307<');
  });
});
