import { expect, it } from 'vitest';
import { frameLoop } from '../../src/host/frames.ts';
import { localConnection } from '../../src/host/local-connection.ts';
import { quote } from '../../src/host/sh.ts';
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
