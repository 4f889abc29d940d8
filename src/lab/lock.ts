import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdir } from 'node:fs/promises';
import { dirname } from 'node:path';

/**
 * Runs `work` while holding an exclusive lock on a file. Another process's lock is waited for.
 * The lock is held by util-linux's flock, whose end comes with this process's, however that ends.
 */
export async function locked<T>(file: string, waiting: () => void, work: () => Promise<T>): Promise<T> {
  await mkdir(dirname(file), { recursive: true });
  const holder = spawn('flock', ['--exclusive', file, 'sh', '-c', 'echo held; exec cat'], {
    stdio: ['pipe', 'pipe', 'inherit'],
    detached: true,
  });
  const patience = setTimeout(waiting, 1000);
  try {
    const [said] = (await Promise.race([
      once(holder.stdout, 'data'),
      once(holder, 'exit').then(([code]) => [`flock ended with ${code}`]),
    ])) as [Buffer | string];
    if (!String(said).startsWith('held')) throw new Error(`${file} cannot be locked: ${said}`);
    clearTimeout(patience);
    return await work();
  } finally {
    clearTimeout(patience);
    holder.stdin.end();
  }
}
