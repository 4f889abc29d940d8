import type { Host } from '../../host/contract.ts';
import { sh } from '../../host/sh.ts';

const made = new WeakMap<object, string>();

/** Keeps a copy of a file beside it, with its owner, mode and times. */
export async function backUp(path: string, host: Host, want: object): Promise<void> {
  await host.run(sh`cp -p -- ${path} ${backupFor(path, want)}`);
}

/** The name for a copy of a file, as Ansible gives it. It is remembered for the task with these parameters. */
export function backupFor(path: string, want: object): string {
  const now = new Date();
  const two = (part: number) => String(part).padStart(2, '0');
  const day = [now.getFullYear(), two(now.getMonth() + 1), two(now.getDate())].join('-');
  const time = [now.getHours(), now.getMinutes(), now.getSeconds()].map(two).join(':');
  const copy = `${path}.${process.pid}.${day}@${time}~`;
  made.set(want, copy);
  return copy;
}

/** `backup_file` for the result of a task, when backUp made one for these parameters. */
export function backupResult(want: object): { backup_file?: string } {
  const copy = made.get(want);
  return copy === undefined ? {} : { backup_file: copy };
}
