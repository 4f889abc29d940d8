import { describe, expect, it } from 'vitest';
import { Becoming, type Wish } from '../../src/host/become.ts';
import { refusal } from '../../src/host/become-error.ts';
import { becomeOf } from '../../src/host/become-settings.ts';
import type { Channel, Connection } from '../../src/host/connection.ts';
import { localConnection } from '../../src/host/local-connection.ts';

/** This machine, with a shell's function in the place of a program. What is typed there is kept. */
function withProgram(name: string, body: string): { connection: Connection; started: string[] } {
  const local = localConnection();
  const started: string[] = [];
  return {
    started,
    connection: {
      ...local,
      exec: (command) => {
        started.push(command);
        return local.exec(`${name}() {\n${body}\n}\n${command.replace(/^LC_ALL=C /, '')}`);
      },
    },
  };
}

/** Asks as sudo does: once more after a wrong answer, and never again. */
const askingSudo = `
  while [ "$1" != -- ]; do [ "$1" = -p ] && prompt=$2; shift; done; shift
  echo lecture >&2
  for try in 1 2; do
    printf %s "$prompt" >&2
    IFS= read -r answer || { echo 'sudo: no password was provided' >&2; return 1; }
    if [ "$answer" = right ]; then "$@"; return; fi
    echo 'Sorry, try again.' >&2
  done
  echo 'sudo: 2 incorrect password attempts' >&2; return 1`;

const wish: Wish = { host: 'server1', login: 'admin', user: 'root' };

async function said(channel: Channel): Promise<string[]> {
  const read = (stream: Channel['stdout']) =>
    new Promise<string>((resolve) => {
      let all = '';
      stream.on('data', (chunk: Buffer) => {
        all += chunk;
      });
      stream.on('end', () => resolve(all));
    });
  return Promise.all([read(channel.stdout), read(channel.stderr)]);
}

describe('becoming another user with a password', () => {
  it('answers the question over standard input, and leaves what came before out of the streams', async () => {
    const { connection, started } = withProgram('sudo', askingSudo);
    const channel = await new Becoming().start(connection, { ...wish, password: 'right' }, 'cat; echo e >&2');
    channel.stdin.end('input');
    expect(await said(channel)).toEqual(['input', 'e\n']);
    expect(started.join()).not.toContain('right');
  });

  it('tries a wrong one once, whoever is to be become', async () => {
    const { connection, started } = withProgram('sudo', askingSudo);
    const becoming = new Becoming();
    const attempts = ['root', 'www-data', 'root'].map((user) =>
      becoming.start(connection, { ...wish, user, password: 'wrong' }, 'true'),
    );
    const outcomes = await Promise.allSettled(attempts);
    for (const outcome of outcomes)
      expect(outcome).toMatchObject({
        reason: { kind: 'sudo', message: 'sudo: wrong password for admin on server1' },
      });
    expect(started).toHaveLength(1);
  });

  it('says that one is missing', async () => {
    const { connection } = withProgram('su', `printf 'Password: ' >&2; IFS= read -r answer`);
    await expect(new Becoming().start(connection, { ...wish, method: 'su' }, 'true')).rejects.toMatchObject({
      message: 'su asks for a password',
      hint: expect.stringContaining('--ask-become-pass'),
    });
  });

  it('waits for no answer where none can be asked for', async () => {
    const { connection, started } = withProgram('sudo', 'shift 5; "$@"');
    const channel = await new Becoming().start(connection, wish, 'echo in');
    expect(await said(channel)).toEqual(['in\n', '']);
    expect(started).toEqual([`sudo -H -n -u root -- sh -c 'echo in'`]);
  });
});

describe('what variables say of it', () => {
  const of = (variables: Record<string, unknown>, complaints: string[] = []) =>
    becomeOf(
      (name) => variables[name],
      (message) => complaints.push(message),
    );

  it.each([
    [{}, undefined],
    [{ ansible_become_password: 'Secret-1' }, { password: 'Secret-1' }],
    [{ ansible_become_pass: 'b', ansible_become_password: 'a' }, { password: 'a' }],
    [{ ansible_sudo_pass: 'c' }, { password: 'c' }],
    [{ ansible_sudo_pass: 'c', ansible_become_method: 'su' }, { method: 'su' }],
    [
      { ansible_su_pass: 'd', ansible_become_method: 'ansible.builtin.su' },
      { method: 'su', password: 'd' },
    ],
    [{ ansible_become_method: 'community.general.doas' }, { method: 'doas' }],
  ])('%j', (variables, expected) => {
    expect(of(variables)).toEqual(expected);
  });

  it('refuses other methods', () => {
    const complaints: string[] = [];
    of({ ansible_become_method: 'pbrun' }, complaints);
    expect(complaints).toEqual(['ansible_become_method is "pbrun"']);
  });
});

it.each([
  ['sudo: a password is required', 'sudo asks for a password'],
  ['doas: Authentication required', 'doas asks for a password'],
  ['admin is not in the sudoers file.', 'sudo refused: admin is not in the sudoers file.'],
  ['sh: 1: sudo: not found', 'sudo refused: sh: 1: sudo: not found'],
  ['something else', undefined],
])('what a shell complains of: %s', (words, message) => {
  expect(refusal('server1', words)?.message).toBe(message);
});
