import { spawn } from 'node:child_process';
import { accessSync, constants, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { TaskFailure } from '../errors.ts';

/**
 * Lets the person at the terminal edit a secret text in $EDITOR (or vi) and hands on what was written.
 * Meanwhile it stands in a private folder, in memory where there is such a place, and is gone afterwards; only when
 * `save` fails it is left there and its place is said, so that no work is lost.
 * @param name its last part is the name that the editor sees
 */
export async function edited(
  content: Buffer,
  name: string,
  save: (content: Buffer) => Promise<void>,
): Promise<void> {
  const folder = mkdtempSync(join(memory() ?? tmpdir(), 'foobar-edit-'));
  const remove = () => rmSync(folder, { recursive: true, force: true });
  let written: Buffer;
  try {
    const file = join(folder, basename(name));
    writeFileSync(file, content, { mode: 0o600 });
    await runEditor(file);
    written = readFileSync(file);
  } catch (error) {
    remove();
    throw error;
  }
  try {
    await save(written);
  } catch (error) {
    throw new TaskFailure(
      `cannot save ${name}: ${(error as Error).message}`,
      `what you wrote is in ${folder}, not encrypted: save it, then remove the folder`,
    );
  }
  remove();
}

async function runEditor(file: string): Promise<void> {
  const editor = process.env.EDITOR?.trim() || 'vi';
  // The editor's words are split as a shell does, as ansible-vault splits them.
  const child = spawn('sh', ['-c', `${editor} "$1"`, 'sh', file], { stdio: 'inherit' });
  // Ctrl-C in the editor is the editor's; who ends foobar ends the editor, and the text is removed.
  const ignore = () => undefined;
  const end = () => child.kill('SIGTERM');
  process.on('SIGINT', ignore).on('SIGTERM', end).on('SIGHUP', end);
  try {
    const code = await new Promise<number | NodeJS.Signals | null>((resolve, reject) => {
      child.on('error', reject).on('exit', (status, signal) => resolve(status ?? signal));
    });
    if (code === 127)
      throw new TaskFailure(`there is no editor ${editor}`, 'name one: EDITOR=nano foobar vault edit ...');
    if (code !== 0) throw new TaskFailure(`${editor} ended with ${code}: nothing was saved`);
  } finally {
    process.off('SIGINT', ignore).off('SIGTERM', end).off('SIGHUP', end);
  }
}

function memory(): string | undefined {
  for (const folder of [process.env.XDG_RUNTIME_DIR, '/dev/shm'])
    try {
      if (!folder) continue;
      accessSync(folder, constants.W_OK);
      return folder;
    } catch {}
  return undefined;
}
