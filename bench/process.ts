import { spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';

/** What one run of a program took. */
export interface Run {
  readonly code: number;
  /** Seconds of wall time. */
  readonly wall: number;
  /** Seconds of processor time, children included. */
  readonly cpu: number;
  /** Most memory that the program itself held, MB. */
  readonly memory: number;
  readonly stdout: string;
  readonly stderr: string;
}

const timed = 'TIMEFORMAT="%R %U %S"; { time "$@" 2>&4; } 4>&2 2>&3';

/** Runs a program to its end and measures it. */
export function run(
  words: readonly string[],
  { input = '', directory }: { input?: string; directory?: string } = {},
): Promise<Run> {
  return new Promise((resolve, reject) => {
    const child = spawn('bash', ['-c', timed, 'time', ...words], {
      stdio: ['pipe', 'pipe', 'pipe', 'pipe'],
      ...(directory ? { cwd: directory } : {}),
    });
    const [stdout, stderr, times]: Buffer[][] = [[], [], []];
    child.stdout.on('data', (data: Buffer) => stdout?.push(data));
    child.stderr.on('data', (data: Buffer) => stderr?.push(data));
    child.stdio[3]?.on('data', (data: Buffer) => times?.push(data));
    let memory = 0;
    const watch = setInterval(() => {
      memory = Math.max(memory, peakMemory(child.pid ?? 0));
    }, 25);
    child.on('error', reject);
    child.on('close', (code) => {
      clearInterval(watch);
      const [wall = 0, user = 0, system = 0] = Buffer.concat(times ?? [])
        .toString()
        .trim()
        .split(/\s+/)
        .map(Number);
      resolve({
        code: code ?? 1,
        wall,
        cpu: user + system,
        memory,
        stdout: Buffer.concat(stdout ?? []).toString(),
        stderr: Buffer.concat(stderr ?? []).toString(),
      });
    });
    child.stdin.on('error', () => undefined);
    child.stdin.end(input);
  });
}

/** The same, for its stdout. Throws when it fails. */
export async function ask(words: readonly string[]): Promise<string> {
  const { code, stdout, stderr } = await run(words);
  if (code !== 0)
    throw new Error(`${words.join(' ')}: exit code ${code}\n${stdout.slice(-2000)}\n${stderr.slice(-2000)}`);
  return stdout;
}

/** VmHWM of the children of a shell (proc(5)), MB. */
function peakMemory(shell: number): number {
  try {
    const children = readFileSync(`/proc/${shell}/task/${shell}/children`, 'utf8').trim().split(' ');
    const status = readFileSync(`/proc/${children[0]}/status`, 'utf8');
    return Number(/VmHWM:\s+(\d+)/.exec(status)?.[1] ?? 0) / 1024;
  } catch {
    return 0;
  }
}
