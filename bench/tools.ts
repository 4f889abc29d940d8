import { atController, folder, foobar, hosts, inventoryOf, type Route, ssh } from './fleet.ts';
import { ask, type Run, run } from './process.ts';
import { floorScript, undo } from './work.ts';

export type Tool = 'floor' | 'foobar' | 'Ansible' | 'Mitogen';

/** Runs the hundred tasks with a tool, from a new process to its end. Throws unless it ends well. */
export async function hundred(tool: Tool, route: Route): Promise<Run> {
  switch (tool) {
    case 'floor':
      return floor(route, floorScript());
    case 'foobar':
      return succeeded(
        await run([
          ...foobar,
          'provision',
          inventoryOf(route),
          '--playbook',
          `${folder}/hundred.yaml`,
          '--output',
          'json',
        ]),
      );
    case 'Ansible':
      return ansible(route, 'strategy = linear');
    case 'Mitogen':
      return ansible(
        route,
        'strategy = mitogen_linear\nstrategy_plugins = /usr/lib/python3/dist-packages/ansible_mitogen/plugins/strategy',
      );
  }
}

/** A new OpenSSH connection to each host at once, one shell script over it. */
async function floor(route: Route, script: string): Promise<Run> {
  const each = await Promise.all(hosts.map((host) => run([...ssh(host, route), 'sh'], script)));
  for (const one of each) succeeded(one);
  return {
    ...each[0]!,
    wall: Math.max(...each.map(({ wall }) => wall)),
    cpu: each.reduce((sum, { cpu }) => sum + cpu, 0),
  };
}

/** Ansible as somebody sets it up who knows how: pipelining, kept connections, enough forks. */
async function ansible(route: Route, strategy: string): Promise<Run> {
  const settings = `[defaults]\nforks = 20\ngathering = explicit\n${strategy}\n[ssh_connection]\npipelining = True\nssh_args = -C -o ControlMaster=auto -o ControlPersist=60s\n`;
  const script = [
    'cd /bench',
    `printf '%s' '${settings}' > ansible.cfg`,
    "TIMEFORMAT='seconds %R %U %S'",
    `time ansible-playbook -i ${route}.yaml hundred.yaml`,
  ].join('\n');
  const done = succeeded(await run(atController(`exec bash -c "$(cat)"`), script));
  const [, wall, user, system] = /seconds (\S+) (\S+) (\S+)/.exec(done.stderr) ?? [];
  await ask(atController('pkill -f "^ssh: .*mux" || true'));
  return { ...done, wall: Number(wall), cpu: Number(user) + Number(system), memory: 0 };
}

/** Takes away on all hosts what the tasks made. */
export async function reset(): Promise<void> {
  await Promise.all(hosts.map((host) => ask([...ssh(host, 'direct'), undo])));
}

export function succeeded(done: Run): Run {
  if (done.code === 0) return done;
  throw new Error(`exit code ${done.code}\n${done.stdout.slice(-3000)}\n${done.stderr.slice(-3000)}`);
}
