import { cpus, release, totalmem } from 'node:os';
import { ask } from './process.ts';

/** What the figures are of: nothing that names this machine. */
export async function about(peers?: string): Promise<Record<string, string>> {
  const said = async (...words: string[]) => (await ask(words).catch(() => '')).trim();
  const ssh = /OpenSSH_[^ ,]+/.exec(await said('sh', '-c', 'ssh -V 2>&1'))?.[0] ?? '';
  return {
    date: new Date().toISOString().slice(0, 10),
    machine: `${cpus().length} cores (${cpus()[0]?.model.trim() ?? 'unknown'}) for controller and hosts together, ${Math.round(totalmem() / 2 ** 30)} GB, Linux ${release()}`,
    foobar: await said('git', 'describe', '--always', '--dirty'),
    node: process.versions.node,
    ssh,
    ...(peers ? { peers } : {}),
  };
}
