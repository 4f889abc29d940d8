import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { dump } from 'js-yaml';
import type { Bench } from '../bench.ts';
import { type Figures, figures, type Result } from '../figures.ts';
import {
  foobar,
  hostKey,
  inside,
  type Lab,
  labUp,
  loginVariables,
  onAnsible,
  prepareAnsible,
  twins,
} from '../lab.ts';
import { ask, type Run, run } from '../process.ts';
import { ansible, succeeded } from '../tools.ts';
import { floorScript, hundredTasks, oneOfEach, sharedTemplate } from '../work.ts';

/** One machine answers to all of them. */
const network = '198.19.252.0/22';
const addresses = Array.from(
  { length: 1000 },
  (_each, index) => `198.19.${252 + (index >> 8)}.${index & 255}`,
);
const forks = 50;
/** Below ten logins at once sshd turns nobody away (MaxStartups of sshd_config(5)); it may count one a little longer than we do. */
const admitted = 8;

/** Many hosts: one sshd with its default limits, and many addresses. */
export async function many(bench: Bench): Promise<void> {
  const lab = await labUp('many', twins('198.18.253', ['many']), ['many']);
  try {
    await prepare(bench, lab);
    const pinged = await measure(bench, lab, 200);
    if (bench.quick) return;
    await measure(bench, lab, 1000);
    // Last: it is the one that sshd may turn away.
    await measureAnsible(bench, lab, pinged);
  } finally {
    await lab.down();
  }
}

async function prepare(bench: Bench, lab: Lab): Promise<void> {
  const [host] = lab.hosts;
  const key = hostKey(readFileSync(join(lab.directory, 'known_hosts'), 'utf8'), host!.address);
  writeFileSync(
    join(lab.directory, 'known_hosts'),
    addresses.map((address) => `${address} ${key}\n`).join(''),
  );
  writeFileSync(
    join(lab.directory, 'ssh_config'),
    `Host *\n  User root\n  BatchMode yes\n  IdentityFile ${lab.directory}/key\n  UserKnownHostsFile ${lab.directory}/known_hosts\n`,
  );
  for (const count of [4, forks, 200, 1000]) {
    const hosts = addresses
      .slice(0, count)
      .map((address, index) => [`host${index}`, { ansible_host: address }]);
    const inventory = { all: { vars: loginVariables, hosts: Object.fromEntries(hosts) } };
    writeFileSync(join(lab.directory, `${count}.yaml`), dump(inventory));
  }
  mkdirSync(join(lab.directory, 'templates'), { recursive: true });
  writeFileSync(join(lab.directory, 'templates/shared.conf.j2'), sharedTemplate);
  writeFileSync(join(lab.directory, 'hundred.yaml'), hundredTasks(1, 'shared.conf.j2'));
  writeFileSync(join(lab.directory, 'each.yaml'), oneOfEach('shared.conf.j2'));
  writeFileSync(join(lab.directory, 'floor.sh'), floorScript());
  const route = `ip route replace ${network} via ${host!.address}`;
  // Every address of the network is the machine's own: "local" routes of ip-route(8).
  await ask(inside(lab, 'many', `ip route replace local ${network} dev lo`));
  await ask(['sh', '-c', route]);
  bench.peers = await prepareAnsible(lab, ['50.yaml', '200.yaml', 'each.yaml', 'templates']);
  await ask(onAnsible(lab, route));
  const [one] = addresses;
  writeFileSync(
    join(lab.directory, 'one.yaml'),
    dump({ all: { vars: loginVariables, hosts: { one: { ansible_host: one } } } }),
  );
  await provision(lab, 'one');
}

/** Shows all figures but Ansible's, and gives those of pinging. */
async function measure({ quick, show }: Bench, lab: Lab, count: number): Promise<Result> {
  const title = (what: string) => `${what}, ${count} hosts (addresses of one machine)`;
  const few = await provision(lab, '4');
  const rounds = count > 200 || quick ? 1 : 3;
  const several = async (command: string, work: () => Promise<Run>, rounds = 1): Promise<Figures> => {
    const runs: Run[] = [];
    for (let round = 0; round < rounds; round++) runs.push(await work());
    return figures(command, runs);
  };
  const pinged: Result = {
    title: title('Ping'),
    tools: {
      floor: await several(
        `xargs -P ${admitted} -I HOST ssh HOST true`,
        () => eachBySsh(lab, count, 'true'),
        rounds,
      ),
      foobar: await several('foobar ping hosts.yaml', () => own(lab, ['ping', `${count}.yaml`]), rounds),
    },
  };
  show(`ping ${count}`, pinged);
  const facts = await several('foobar run hosts.yaml all -m setup', () =>
    own(lab, ['run', `${count}.yaml`, 'all', '-m', 'setup']),
  );
  show(`facts ${count}`, { title: title('Facts'), tools: { foobar: facts } });
  const settled = {
    floor: await several(`xargs -P ${admitted} -I HOST ssh HOST sh <floor.sh`, () =>
      eachBySsh(lab, count, 'sh'),
    ),
    foobar: await several('foobar provision hosts.yaml --playbook hundred.yaml', () =>
      provision(lab, String(count)),
    ),
  };
  show(`100 settled, ${count} hosts`, { title: title('100 settled tasks'), tools: settled });
  show(`memory of ${count}`, {
    title: title('Controller memory, 100 settled tasks'),
    numbers: {
      'with 4 hosts, MB': few.memory,
      'one host more, MB': (settled.foobar.memory - few.memory) / (count - 4),
    },
  });
  return pinged;
}

/** A connection of OpenSSH's own for each host, as many at a time as sshd lets in; a refused one fails the work. */
async function eachBySsh(lab: Lab, count: number, command: 'true' | 'sh'): Promise<Run> {
  const script = `exec ssh -F ssh_config "$1" ${command} <floor.sh >/dev/null`;
  return succeeded(
    await run(['xargs', '-P', String(admitted), '-I', 'HOST', 'sh', '-c', script, 'sh', 'HOST'], {
      directory: lab.directory,
      input: addresses.slice(0, count).join('\n'),
    }),
  );
}

async function own(lab: Lab, words: readonly string[]): Promise<Run> {
  return succeeded(await run([...foobar, ...words], { directory: lab.directory }));
}

function provision(lab: Lab, inventory: string): Promise<Run> {
  return own(lab, ['provision', `${inventory}.yaml`, '--playbook', 'hundred.yaml', '--output', 'json']);
}

/** Ansible's ping beside the others', and its rate through settled tasks: hundred of them on 200 hosts would take hours. */
async function measureAnsible({ show }: Bench, lab: Lab, pinged: Result): Promise<void> {
  const ping = await ansible(lab, 'Ansible', { forks, command: 'ansible -i 200.yaml all -m ping -o' });
  const command = `ansible -i hosts.yaml all -m ping --forks ${forks}`;
  show('ping 200', { ...pinged, tools: { ...pinged.tools, Ansible: figures(command, [ping]) } });
  const done = await ansible(lab, 'Ansible', { forks, command: 'ansible-playbook -i 50.yaml each.yaml' });
  show('many, Ansible', {
    title: 'Ansible with forks 50: 6 settled tasks, one of each kind, on 50 hosts',
    tools: { Ansible: figures('ansible-playbook -i hosts.yaml each.yaml', [done]) },
    numbers: { 'seconds for 100 tasks on 200 hosts at this rate': (done.wall / 6 / 50) * 100 * 200 },
  });
}
