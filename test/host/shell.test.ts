import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it, vi } from 'vitest';
import { frameLoop } from '../../src/host/frames.ts';
import { localConnection } from '../../src/host/local-connection.ts';
import { quote, sh } from '../../src/host/sh.ts';
import { Shell, Unanswered } from '../../src/host/shell.ts';

async function open(script = frameLoop): Promise<Shell> {
  const channel = await localConnection().exec(`exec sh -c ${quote(script)}`);
  return new Shell('server1', channel, new Promise(() => {}));
}

it('does not take what sudo says within a step for the reason why it ended', async () => {
  const shell = await open();
  const first = shell.step('true');
  shell.flush();
  await first;
  const change = shell.step('echo "sudo: unable to resolve host server1" >&2; kill -9 $$', { what: 'write' });
  shell.flush();
  const error = await change.catch((thrown: unknown) => thrown);
  expect(error).toBeInstanceOf(Unanswered);
  expect(error).toMatchObject({ kind: 'lost', message: expect.stringContaining('its end is not known') });
});

it('that sudo did not let begin says so', async () => {
  const shell = await open('echo "sudo: a password is required" >&2; exit 1');
  const first = shell.step('true', { what: 'write' });
  shell.flush();
  await expect(first).rejects.toMatchObject({ kind: 'sudo', message: 'sudo asks for a password' });
});

it('gives signs of life, which reach the host while a step runs, and are none themselves', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'foobar-shell-'));
  const file = join(folder, 'heard');
  const listening = await open(sh`while read -r line; do echo "$line" >>${file}; done`.text);
  listening.beat(0.01);
  await vi.waitUntil(() => readFileSync(file, { flag: 'a+', encoding: 'utf8' }).startsWith('0\n0\n0\n'));
  await listening.close();

  const shell = await open();
  shell.beat(0.01);
  const first = shell.step('sleep 0.2; echo first; exit 3');
  shell.flush();
  expect((await first).stdout.toString()).toBe('first\n');
  const second = shell.step('echo "$foobar_code"');
  shell.flush();
  expect(await second).toMatchObject({ code: 0, stdout: Buffer.from('3\n') });
  await shell.close();
  rmSync(folder, { recursive: true });
});
