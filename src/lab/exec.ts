import { type StdioOptions, spawn } from 'node:child_process';
import { once } from 'node:events';
import { text } from 'node:stream/consumers';
import { TaskFailure } from '../errors.ts';
import { leader } from './container.ts';
import type { LabPlan } from './contract.ts';
import { hostOf, type Layout, layout } from './layout.ts';

export interface Ended {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** Runs a command on a host as root, past its network: a cut host answers too. */
export async function exec(
  plan: LabPlan,
  host: string,
  command: readonly string[],
  input = '',
): Promise<Ended> {
  const child = await enter(layout(plan), host, command, ['pipe', 'pipe', 'pipe']);
  // A command that does not read its input closes the pipe early.
  child.stdin?.on('error', () => undefined).end(input);
  const [stdout, stderr, [code, signal]] = await Promise.all([
    text(child.stdout!),
    text(child.stderr!),
    once(child, 'close') as Promise<[number | null, string | null]>,
  ]);
  return { code: code ?? codeOf(signal), stdout, stderr };
}

/** The same with this process's own terminal. Resolves with the command's exit code. */
export async function attach(plan: LabPlan, host: string, command: readonly string[]): Promise<number> {
  const child = await enter(layout(plan), host, command, 'inherit');
  const [code, signal] = (await once(child, 'close')) as [number | null, string | null];
  return code ?? codeOf(signal);
}

async function enter(lab: Layout, host: string, command: readonly string[], stdio: StdioOptions) {
  hostOf(lab, host);
  const pid = await leader(lab, host);
  if (pid === undefined) throw new TaskFailure(`${host} does not run`, `foobar lab start ${host}`);
  const spaces = ['--mount', '--uts', '--ipc', '--net', '--pid', '--cgroup'];
  return spawn('nsenter', ['--target', String(pid), ...spaces, '--wdns=/root', '--', ...command], {
    stdio,
    env: {
      PATH: '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin',
      HOME: '/root',
      USER: 'root',
      SHELL: '/bin/sh',
      LC_ALL: 'C.UTF-8',
      TERM: process.env.TERM ?? 'dumb',
    },
  });
}

/** A shell's number for a death by signal; 128 and the signal's number where it matters. */
function codeOf(signal: string | null): number {
  return signal === 'SIGKILL' ? 137 : signal === 'SIGTERM' ? 143 : 128;
}
