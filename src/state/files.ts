import { randomBytes } from 'node:crypto';
import { mkdir, open, readdir, readFile, rename, rm } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';

export interface KeepOptions {
  /** Permission bits. Default 0600. */
  readonly mode?: number;
}

/**
 * Replaces a file of kept state in whole: written beside, flushed, read back, renamed, folder flushed.
 * Whatever interrupts it (a kill, a full disk, a power cut) leaves the old file or the new one.
 * Missing folders are made with mode 0700.
 */
export async function keep(
  path: string,
  content: string | Uint8Array,
  { mode = 0o600 }: KeepOptions = {},
): Promise<void> {
  const folder = dirname(path);
  await makeFolder(folder);
  await removeLeftovers(path);
  const wanted = Buffer.from(content);
  const fresh = join(folder, `${freshPrefix(path)}${process.pid}.${randomBytes(4).toString('hex')}.new`);
  try {
    // The umask cannot be trusted to be ours, so the mode is set on the open file as well.
    const file = await open(fresh, 'wx+', 0o600);
    try {
      await file.writeFile(wanted);
      await file.chmod(mode);
      await file.sync();
      const written = Buffer.alloc(wanted.length + 1);
      const { bytesRead } = await file.read(written, 0, written.length, 0);
      if (!written.subarray(0, bytesRead).equals(wanted))
        throw new Error(`${path}: what was read back differs from what was written`);
    } finally {
      await file.close();
    }
    await rename(fresh, path);
  } catch (error) {
    await rm(fresh, { force: true });
    throw error;
  }
  await flushFolder(folder);
}

/** The text of a kept file, undefined when there is none. */
export async function readKept(path: string): Promise<string | undefined> {
  try {
    return await readFile(path, 'utf8');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
}

/** Removes a kept file for good; no error when there is none. */
export async function forget(path: string): Promise<void> {
  await rm(path, { force: true });
  await flushFolder(dirname(path));
}

async function makeFolder(folder: string): Promise<void> {
  const first = await mkdir(folder, { recursive: true, mode: 0o700 });
  if (first === undefined) return;
  for (let made = folder; made.length >= first.length; made = dirname(made)) await flushFolder(dirname(made));
}

async function flushFolder(folder: string): Promise<void> {
  const handle = await open(folder, 'r').catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return undefined;
    throw error;
  });
  if (!handle) return;
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}

function freshPrefix(path: string): string {
  return `.${basename(path)}.`;
}

/** A killed process leaves its new file behind, which may hold a key. */
async function removeLeftovers(path: string): Promise<void> {
  const prefix = freshPrefix(path);
  for (const name of await readdir(dirname(path))) {
    if (!name.startsWith(prefix) || !name.endsWith('.new')) continue;
    const writer = /^(\d+)\.[0-9a-f]{8}\.new$/.exec(name.slice(prefix.length))?.[1];
    if (writer && !isAlive(Number(writer))) await rm(join(dirname(path), name), { force: true });
  }
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}
