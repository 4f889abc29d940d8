import { cpSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { dump } from 'js-yaml';
import type { Profile, Segment } from '../../src/profile/contract.ts';
import { type Bench, inTurns } from '../bench.ts';
import { figures } from '../figures.ts';
import { foobar, type Lab, labUp, prepareAnsible, ssh } from '../lab.ts';
import { writePeersPlaybooks } from '../peers.ts';
import { ask, run } from '../process.ts';
import { startRelays } from '../relay.ts';
import { siteFloor } from '../site-floor.ts';
import { perform, succeeded, type Tool, type Work } from '../tools.ts';

const work: Work = {
  playbook: 'playbooks/site.yaml',
  peers: { playbook: 'peers/site.yaml', inventory: 'peers.yaml' },
  settled: true,
  floor: () => siteFloor,
};

/** The whole site on four bare hosts: from nothing, and settled. */
export async function site(bench: Bench): Promise<void> {
  const lab = await bareSite();
  try {
    await fromNothing(bench, lab);
    await perform(lab, 'foobar', 'direct', work);
    await settled(bench, lab);
    await settledFarAway(bench, lab);
  } finally {
    await lab.down();
  }
}

/** The first run, and how much of it the packages, the services' own starts and MySQL's clone make inevitable. */
async function fromNothing({ show }: Bench, lab: Lab): Promise<void> {
  const words = ['provision', 'direct.yaml', '--playbook', work.playbook, '--output', 'json'];
  const profiled = [...words, '--profile', 'profile.json'];
  const first = succeeded(await run([...foobar, ...profiled], { directory: lab.directory }));
  show('site from nothing', {
    title: 'First provision of the whole site, 4 hosts, package cache warm',
    tools: { foobar: figures('foobar provision hosts.yaml --profile profile.json', [first]) },
  });
  const profile: Profile = JSON.parse(readFileSync(join(lab.directory, 'profile.json'), 'utf8'));
  const sum = (segments: readonly Segment[]) => segments.reduce((all, { from, to }) => all + to - from, 0);
  const clone = sum(profile.path.filter(({ task }) => task?.module === 'mysql_replica'));
  const { packages = 0, services = 0 } = profile.work;
  show('site from nothing, critical path', {
    title: 'Critical path of the first provision, seconds',
    numbers: {
      ...profile.work,
      'replicas (clone)': clone,
      'whole run to packages, services and clone, x': profile.wall / (packages + services + clone),
    },
  });
}

/** The inventory of the lab on a network of the bench, with empty disks. */
async function bareSite(): Promise<Lab> {
  const text = readFileSync('inventory/lab.yaml', 'utf8')
    .replaceAll('198.18.0.', '198.18.252.')
    .replaceAll('fd00:198:18:', 'fd00:198:252:')
    .replace('.foobar/lab/lab/id_ed25519', 'key')
    .replace('.foobar/lab/lab/known_hosts', 'known_hosts');
  const ansible = { controller: { hosts: { ansible: { ansible_host: '198.18.252.9', lab_image: 'twin' } } } };
  const machines = `${text}${dump(ansible).replace(/^/gm, '    ').trimEnd()}\n`;
  const lab = await labUp('site', machines, ['balancer1', 'server1', 'server2', 'server3'], {
    fresh: true,
  });
  rmSync(join(lab.directory, '.foobar/direct'), { recursive: true, force: true });
  writeFileSync(join(lab.directory, 'direct.yaml'), text);
  cpSync('playbooks', join(lab.directory, 'playbooks'), { recursive: true });
  return lab;
}

async function settled(bench: Bench, lab: Lab): Promise<void> {
  const { quick, show } = bench;
  const peers: Tool[] = quick ? [] : ['Mitogen', 'Ansible'];
  if (!quick) await preparePeers(bench, lab);
  show('site settled', {
    title: 'The whole site settled, 4 hosts',
    tools: await inTurns({
      lab,
      route: 'direct',
      work,
      tools: ['floor', 'foobar', ...peers],
      runs: quick ? 3 : 7,
    }),
  });
}

/** What Ansible needs on hosts that foobar has provisioned, and its own version of the playbooks. */
async function preparePeers(bench: Bench, lab: Lab): Promise<void> {
  const packages = 'python3-apt python3-debian python3-pymysql';
  const install = `DEBIAN_FRONTEND=noninteractive apt-get -qq -y install ${packages} >/dev/null`;
  for (const host of lab.hosts) await ask([...ssh(lab, host, 'direct'), install]);
  const state = join(lab.directory, '.foobar/direct');
  const flows = await ask([...foobar, 'flows', join(lab.directory, 'direct.yaml'), '--output', 'json']);
  writePeersPlaybooks('playbooks', state, flows, join(lab.directory, 'peers'));
  const text = readFileSync(join(lab.directory, 'direct.yaml'), 'utf8');
  writeFileSync(
    join(lab.directory, 'peers.yaml'),
    text.replace('  vars:\n', '  vars:\n    foobar_state: "{{ playbook_dir }}/state"\n'),
  );
  bench.peers = await prepareAnsible(lab, ['peers.yaml', 'peers', '.foobar/lab/lab']);
}

async function settledFarAway({ quick, show }: Bench, lab: Lab): Promise<void> {
  const way = lab.hosts.map(({ name, address, relay }) => [
    name,
    { ansible_host: lab.bridge, ansible_port: relay, address, ssh_port: 22 },
  ]);
  writeFileSync(join(lab.directory, 'way.yaml'), dump({ all: { hosts: Object.fromEntries(way) } }));
  const relays = await startRelays(lab);
  try {
    show('site settled, 50 ms away', {
      title: 'The whole site settled, 4 hosts, 50 ms away',
      tools: await inTurns({
        lab,
        relays,
        route: 'delayed',
        work: { ...work, inventory: ['direct.yaml', '-i', 'way.yaml'] },
        tools: ['floor', 'foobar'],
        runs: quick ? 3 : 5,
      }),
    });
  } finally {
    relays.stop();
  }
}
