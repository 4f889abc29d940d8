import type { Host } from '../../host/contract.ts';
import { sh } from '../../host/sh.ts';

const made = new WeakMap<object, string>();

/** Keeps a copy of a file beside it, with its owner, mode and times, under a name as Ansible gives. */
export async function backUp(path: string, host: Host, want: object): Promise<void> {
  const now = new Date();
  const two = (part: number) => String(part).padStart(2, '0');
  const day = [now.getFullYear(), two(now.getMonth() + 1), two(now.getDate())].join('-');
  const time = [now.getHours(), now.getMinutes(), now.getSeconds()].map(two).join(':');
  const copy = `${path}.${process.pid}.${day}@${time}~`;
  await host.run(sh`cp -p -- ${path} ${copy}`);
  made.set(want, copy);
}

/** `backup_file` for the result of a task, when backUp made one for these parameters. */
export function backupResult(want: object): { backup_file?: string } {
  const copy = made.get(want);
  return copy === undefined ? {} : { backup_file: copy };
}
