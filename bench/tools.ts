import { foobar, type Lab, onAnsible, type Route, ssh } from './lab.ts';
import { ask, type Run, run } from './process.ts';

export type Tool = 'floor' | 'foobar' | 'Ansible' | 'Mitogen';

/** One kind of work, as every tool is told it. */
export interface Work {
  /** In the lab's folder. */
  readonly playbook: string;
  /** Arguments of foobar that say which hosts; default: the inventory of the route. */
  readonly inventory?: readonly string[];
  /** Where Ansible needs others than foobar. */
  readonly peers?: { readonly playbook: string; readonly inventory: string };
  /** Nothing is left to be changed: a tool that changes something has not done the same work. */
  readonly settled?: boolean;
  readonly forks?: number;
  /** For each host the shell script that reads the same state. */
  floor?(host: string): string;
}

/** How one would call a tool for some work. */
export function commandOf(tool: Tool, work: Work): string {
  const playbook = work.peers?.playbook ?? work.playbook;
  switch (tool) {
    case 'floor':
      return 'ssh HOST sh <floor.sh, for all hosts at once';
    case 'foobar':
      return `foobar provision hosts.yaml --playbook ${work.playbook}`;
    case 'Ansible':
      return `ansible-playbook -i hosts.yaml ${playbook} (pipelining, ControlPersist, smart facts, forks ${work.forks ?? 20})`;
    case 'Mitogen':
      return `ansible-playbook -i hosts.yaml ${playbook} (strategy mitogen_linear, the same settings)`;
  }
}

/** Does some work with a tool, from a new process to its end. Throws unless it ends well. */
export async function perform(lab: Lab, tool: Tool, route: Route, work: Work): Promise<Run> {
  switch (tool) {
    case 'floor':
      return floor(lab, route, work);
    case 'foobar': {
      const inventory = work.inventory ?? [`${route}.yaml`];
      const words = ['provision', ...inventory, '--playbook', work.playbook, '--output', 'json'];
      return unchanged(work, await run([...foobar, ...words], { directory: lab.directory }));
    }
    case 'Ansible':
    case 'Mitogen': {
      const { inventory, playbook } = work.peers ?? { inventory: `${route}.yaml`, playbook: work.playbook };
      const command = `ansible-playbook -i ${inventory} ${playbook}`;
      return unchanged(work, await ansible(lab, tool, { forks: work.forks ?? 20, command }));
    }
  }
}

/** Both tools say `changed` for each host at their end, in their own ways. */
function unchanged(work: Work, done: Run): Run {
  succeeded(done);
  if (work.settled && /changed(=|":)[1-9]/.test(done.stdout))
    throw new Error(`something was changed that should have been settled\n${done.stdout.slice(-3000)}`);
  return done;
}

/** A new OpenSSH connection to each host at once, one shell script over it. */
async function floor(lab: Lab, route: Route, work: Work): Promise<Run> {
  const each = await Promise.all(
    lab.hosts.map((host) =>
      run([...ssh(lab, host, route), 'sh'], { input: work.floor?.(host.name) ?? 'true' }),
    ),
  );
  for (const one of each) succeeded(one);
  return {
    ...each[0]!,
    wall: Math.max(...each.map(({ wall }) => wall)),
    cpu: each.reduce((sum, { cpu }) => sum + cpu, 0),
  };
}

const strategies = {
  Ansible: 'strategy = linear',
  Mitogen:
    'strategy = mitogen_linear\nstrategy_plugins = /usr/lib/python3/dist-packages/ansible_mitogen/plugins/strategy',
};

/**
 * Ansible as somebody sets it up who knows how: pipelining, kept connections, enough forks, facts gathered once, and
 * new attempts where sshd turns it away, which it does when more than ten log in at the same time.
 */
export async function ansible(
  lab: Lab,
  tool: keyof typeof strategies,
  { forks, command }: { forks: number; command: string },
): Promise<Run> {
  const settings = `[defaults]\nforks = ${forks}\ngathering = smart\nhost_key_checking = True\n${strategies[tool]}\n[ssh_connection]\npipelining = True\nretries = 10\nssh_args = -C -o ControlMaster=auto -o ControlPersist=60s\n`;
  const script = [
    `printf '%s' '${settings}' > ansible.cfg`,
    "TIMEFORMAT='seconds %R %U %S'",
    `time ${command}`,
  ].join('\n');
  const done = succeeded(await run(onAnsible(lab, 'exec bash -c "$(cat)"'), { input: script }));
  const [, wall, user, system] = /seconds (\S+) (\S+) (\S+)/.exec(done.stderr) ?? [];
  // Its kept connections would spare the next run the logging in.
  await ask(onAnsible(lab, 'pkill -f "^ssh: .*mux" || true'));
  return { ...done, wall: Number(wall), cpu: Number(user) + Number(system), memory: 0 };
}

export function succeeded(done: Run): Run {
  if (done.code === 0) return done;
  throw new Error(`exit code ${done.code}\n${done.stdout.slice(-3000)}\n${done.stderr.slice(-3000)}`);
}
