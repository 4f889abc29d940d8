import { mkdir, readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { $ } from 'zx';
import type { LabPlan } from './contract.ts';
import { hostPublicKey } from './disk.ts';
import { exists, writePrivate } from './files.ts';
import type { Layout } from './layout.ts';

export const clientKeyName = 'id_ed25519';
export const knownHostsName = 'known_hosts';

/** The public half of the key that opens every host of the lab; made once. */
export async function clientKey(plan: LabPlan): Promise<string> {
  const file = join(plan.directory, clientKeyName);
  if (!(await exists(file)) || !(await exists(`${file}.pub`))) {
    await mkdir(plan.directory, { recursive: true, mode: 0o700 });
    await rm(file, { force: true });
    await $({ quiet: true })`ssh-keygen -q -t ed25519 -N ${''} -C ${'foobar lab'} -f ${file}`;
  }
  return readFile(`${file}.pub`, 'utf8');
}

/** Writes the host keys of all hosts that have a disk: the lab made them, so it may introduce them. */
export async function writeKnownHosts(plan: LabPlan, lab: Layout): Promise<void> {
  const lines: string[] = [];
  for (const host of lab.hosts) {
    const key = await hostPublicKey(lab, host.name);
    const names = [host.name, host.address, ...(host.address6 ? [host.address6] : [])];
    if (key) lines.push(`${names.join(',')} ${key}\n`);
  }
  await writePrivate(join(plan.directory, knownHostsName), lines.join(''));
}
