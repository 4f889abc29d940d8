import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type Bench, inTurns } from '../bench.ts';
import { type Figures, figures } from '../figures.ts';
import { foobar, type Lab, labUp, prepareAnsible, type Route, ssh, twins, writeInventories } from '../lab.ts';
import { ask, type Run, run } from '../process.ts';
import { type Relays, startRelays } from '../relay.ts';
import { perform, succeeded, type Tool, type Work } from '../tools.ts';
import { floorScript, hundredTasks, pageTemplate, undo } from '../work.ts';

const work: Work = { playbook: 'hundred.yaml', floor: floorScript };

/** A hundred tasks on four hosts, changing and settled, near and 50 ms away; what one task more takes. */
export async function hundred(bench: Bench): Promise<void> {
  const names = ['host1', 'host2', 'host3', 'host4'];
  const lab = await labUp('hundred', twins('198.18.251', names), names);
  try {
    writeInventories(lab);
    mkdirSync(join(lab.directory, 'templates'), { recursive: true });
    writeFileSync(join(lab.directory, 'hundred.yaml'), hundredTasks());
    writeFileSync(join(lab.directory, 'fivehundred.yaml'), hundredTasks(5));
    writeFileSync(join(lab.directory, 'templates/page.conf.j2'), pageTemplate);
    bench.peers = await prepareAnsible(lab, ['direct.yaml', 'delayed.yaml', 'hundred.yaml', 'templates']);
    await changingAndSettled(bench, lab, 'direct');
    await perTask(bench, lab);
    await changingAndSettled(bench, lab, 'delayed');
  } finally {
    await lab.down();
  }
}

async function changingAndSettled({ quick, show }: Bench, lab: Lab, route: Route): Promise<void> {
  const isNear = route === 'direct';
  const where = isNear ? '' : ', 50 ms away';
  const relays = isNear ? undefined : await startRelays(lab);
  const peers: Tool[] = ['Mitogen', ...(quick || !isNear ? [] : (['Ansible'] as const))];
  const given = { lab, route, work, ...(relays ? { relays } : {}) };
  try {
    if (relays) await loggingIn(show, lab, relays);
    show(`100 changing${where}`, {
      title: `100 tasks that all change, 4 hosts${where}`,
      tools: await inTurns({
        ...given,
        tools: ['foobar', ...(quick && !isNear ? [] : peers)],
        runs: quick ? 3 : 7,
        prepare: () => reset(lab),
      }),
    });
    await perform(lab, 'foobar', route, work);
    show(`100 settled${where}`, {
      title: `100 settled tasks, 4 hosts${where}`,
      tools: await inTurns({
        ...given,
        work: { ...work, settled: true },
        tools: ['floor', 'foobar', ...(quick && !isNear ? [] : peers)],
        runs: quick ? 3 : 7,
        ...(isNear && !quick ? { peerRuns: 2 } : {}),
      }),
    });
    if (isNear) await overKeptConnections(lab, show, { ...work, settled: true }, quick ? 3 : 7);
  } finally {
    relays?.stop();
  }
}

/** As above, with connections that earlier runs left open. */
async function overKeptConnections(
  lab: Lab,
  show: Bench['show'],
  settled: Work,
  runs: number,
): Promise<void> {
  const kept = { ...settled, inventory: ['kept.yaml'] };
  await perform(lab, 'foobar', 'direct', kept);
  show('100 settled, connections kept', {
    title: '100 settled tasks, 4 hosts, connections kept open between runs (the floor opens its own)',
    tools: await inTurns({ lab, route: 'direct', work: kept, tools: ['floor', 'foobar'], runs }),
  });
}

/** A connection alone, for as many round trips as whatever is done over it comes after. */
async function loggingIn(show: Bench['show'], lab: Lab, relays: Relays): Promise<void> {
  const [host] = lab.hosts;
  const once = async (command: string, words: readonly string[]): Promise<Figures> => {
    relays.count();
    const done = succeeded(await run(words, { directory: lab.directory }));
    return figures(command, [done], { wire: relays.count() });
  };
  show('login, 50 ms away', {
    title: 'Logging in to one host 50 ms away',
    tools: {
      ssh: await once('ssh HOST true', [...ssh(lab, host!, 'delayed'), 'true']),
      foobar: await once('foobar ping hosts.yaml HOST', [...foobar, 'ping', 'delayed.yaml', host!.name]),
    },
  });
}

/** What one settled task more takes of the controller: between 100 and 500 of them. */
async function perTask({ quick, show }: Bench, lab: Lab): Promise<void> {
  const many: Work = { playbook: 'fivehundred.yaml' };
  await perform(lab, 'foobar', 'direct', many);
  const runs: Record<'few' | 'many', Run[]> = { few: [], many: [] };
  for (let round = 0; round < (quick ? 3 : 7); round++) {
    runs.few.push(await perform(lab, 'foobar', 'direct', work));
    runs.many.push(await perform(lab, 'foobar', 'direct', many));
  }
  const least = (of: readonly Run[], what: 'cpu' | 'wall' | 'memory') =>
    Math.min(...of.map((run) => run[what]));
  const slope = (what: 'cpu' | 'wall') =>
    ((least(runs.many, what) - least(runs.few, what)) / 400 / lab.hosts.length) * 1000;
  show('settled task', {
    title: 'One settled task more on one host (500 beside 100 tasks, 4 hosts, least of the runs)',
    numbers: {
      'controller CPU, ms': slope('cpu'),
      'wall, ms': slope('wall'),
      'memory with 100 tasks, MB': least(runs.few, 'memory'),
      'memory with 500 tasks, MB': least(runs.many, 'memory'),
    },
  });
}

/** Takes away on all hosts what the tasks made. */
async function reset(lab: Lab): Promise<void> {
  await Promise.all(lab.hosts.map((host) => ask([...ssh(lab, host, 'direct'), undo])));
}
