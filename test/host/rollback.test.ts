import { execFileSync, spawn, spawnSync } from 'node:child_process';
import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir, userInfo } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { encodeFrame, frameLoop } from '../../src/host/frames.ts';
import { handlersIn } from '../../src/host/lock.ts';
import {
  arming,
  mark,
  readConfirmation,
  readRecord,
  recordIn,
  rollbackText,
} from '../../src/host/rollback.ts';
import { rollbackProgram } from '../../src/host/rollback-program.ts';

const record = [
  'at 2026-11-23T17:40:00Z',
  'why no new connection confirmed it within 60 s',
  'owner admin@laptop process 1 since 2026',
  'title base : Settings of sshd',
  'back /etc/ssh/sshd_config.d/00-foobar.conf',
  'back ssh.service',
].join('\n');

const readable = {
  at: '2026-11-23T17:40:00Z',
  why: 'no new connection confirmed it within 60 s',
  titles: ['base : Settings of sshd'],
  back: ['/etc/ssh/sshd_config.d/00-foobar.conf', 'ssh.service'],
};

describe('what a host put back by itself', () => {
  it('is read from its record', () => {
    expect(readRecord(record)).toEqual(readable);
    expect(readRecord('')).toBeUndefined();
  });

  it('stands beside the journal, and is no part of it', () => {
    const stdout = Buffer.from(`Reload nginx\n${record.replaceAll(/^/gm, mark)}\n`);
    expect(recordIn(stdout)).toEqual(readable);
    expect(handlersIn(stdout)).toEqual(new Set(['Reload nginx']));
    expect(recordIn(Buffer.from('Reload nginx\n'))).toBeUndefined();
  });

  it('is put into words', () => {
    expect(rollbackText(readable)).toBe(
      'rolled back at 2026-11-23T17:40:00Z: base : Settings of sshd: no new connection confirmed it within 60 s; ' +
        'as before again: /etc/ssh/sshd_config.d/00-foobar.conf, ssh.service',
    );
  });
});

describe('the answer over a new connection', () => {
  it.each([
    [0, 'confirm\n', { kind: 'confirmed' }],
    [3, `confirm\n${record}\n`, { kind: 'rolled back', record: readable }],
    [3, 'confirm\n', { kind: 'rolled back', record: undefined }],
    [4, 'confirm\nsshd does not take it\n', { kind: 'refused', why: 'sshd does not take it' }],
    [undefined, 'confirm\n', { kind: 'lost' }],
    [
      1,
      'This account is currently not available.\n',
      { kind: 'refused', why: 'no shell is started for us: This account is currently not available.' },
    ],
    // A login shell that ends well is none all the same.
    [0, '', { kind: 'refused', why: 'no shell is started for us: exit code 0' }],
  ])('with code %s and %j', (code, stdout, expected) => {
    expect(readConfirmation({ code, stdout, stderr: '' })).toEqual(expected);
  });
});

describe("the host's program", () => {
  it('is taken by sh', () => {
    expect(() => execFileSync('sh', ['-n'], { input: rollbackProgram })).not.toThrow();
  });

  it('gets what it is told as words', () => {
    const { text } = arming({
      ways: ['ssh', 'sudo'],
      timeout: 60,
      owner: "o'wner",
      login: 'root',
      title: 'it; rm -rf /',
      again: false,
    });
    expect(text).toContain("arm 60 'o'\\''wner' root no 'it; rm -rf /' ssh sudo");
  });
});

describe('former files', () => {
  let root: string;
  beforeEach(() => {
    root = mkdtempSync(join(tmpdir(), 'foobar-rollback-'));
    for (const folder of ['etc/ssh', 'etc/sudoers.d', 'run', 'var/lib/foobar', 'bin', 'd'])
      mkdirSync(join(root, folder), { recursive: true });
    write('etc/ssh/sshd_config', 'Port 22');
    write('etc/sudoers.d/10-a', 'a');
    write('etc/sudoers.d/20-b', 'b');
    // Of a host without systemd, and below a folder of our own.
    const program = rollbackProgram
      .replaceAll('/var/lib/foobar/rollback', join(root, 'd'))
      .replaceAll(/(?<=[ =>])\/(?=etc\/|run\/|var\/)/g, `${root}/`)
      .replace('PATH=', `PATH=${join(root, 'bin')}:`);
    write('d/program', program);
  });
  afterEach(() => {
    tell('now', 'the test is over');
    rmSync(root, { recursive: true });
  });

  const write = (path: string, text: string) => writeFileSync(join(root, path), text);
  const read = (path: string) => readFileSync(join(root, path), 'utf8');
  const tell = (...words: string[]) =>
    spawnSync('sh', [join(root, 'd/program'), ...words], { encoding: 'utf8' });
  const arm = (way: string, again = 'no') =>
    tell('arm', '3600', 'we', userInfo().username, again, 'a change', way);

  it('are put back, and what was not there goes', () => {
    expect(arm('ssh')).toMatchObject({ status: 0, stderr: '', stdout: 'unattended\n' });
    write('etc/ssh/sshd_config', 'Port 23');
    write('etc/ssh/more', '');
    expect(tell('now', 'it was asked for').status).toBe(0);
    expect(read('etc/ssh/sshd_config')).toBe('Port 22');
    expect(readdirSync(join(root, 'etc/ssh'))).toEqual(['sshd_config']);
    expect(existsSync(join(root, 'd'))).toBe(false);
    expect(readdirSync(join(root, 'run'))).toEqual([]);
    const { why, back } = readRecord(read('var/lib/foobar/rolled-back')) ?? {};
    expect({ why, back }).toEqual({
      why: 'it was asked for',
      back: [join(root, 'etc/ssh/more'), join(root, 'etc/ssh/sshd_config')],
    });
  });

  it('are left alone where not all of them could be saved', () => {
    expect(arm('ssh').status).toBe(0);
    write(
      'bin/cp',
      `#!/bin/sh\ncase "$*" in *sudoers.d*) mkdir -p ${root}/d/saved${root}/etc/sudoers.d; exit 1;; esac\nexec /bin/cp "$@"\n`,
    );
    chmodSync(join(root, 'bin/cp'), 0o755);
    expect(arm('sudo', 'yes').status).not.toBe(0);
    write('etc/ssh/sshd_config', 'Port 23');
    tell('now', 'it was asked for');
    expect(read('etc/ssh/sshd_config')).toBe('Port 22');
    expect(readdirSync(join(root, 'etc/sudoers.d'))).toEqual(['10-a', '20-b']);
  });

  it('stay as they are when another run confirms', () => {
    expect(arm('sudo').status).toBe(0);
    expect(tell('disarm', 'others').status).toBe(3);
    expect(read('d/armed')).toBe('we');
    expect(tell('disarm', 'we').status).toBe(0);
    expect(existsSync(join(root, 'd'))).toBe(false);
  });

  it.each([
    ['a change that nobody waits for any more is ended', '0 0', 137],
    ['what came after the change goes on', '0 1', 0],
  ])('are put back: %s', async (_what, said, code) => {
    const shell = spawn('sh', ['-c', frameLoop], { stdio: ['pipe', 'pipe', 'ignore'] });
    const steps = [
      {
        id: 1,
        inline: true,
        script: `exec 9>>${root}/var/lib/foobar/lock; printf '%s\\n' we $$ >&9; echo ready`,
      },
      { id: 2, script: `until [ ! -e ${root}/d ]; do sleep 0.05; done` },
    ];
    const output = text(shell.stdout);
    const locked = new Promise((resolve) => shell.stdout.once('data', resolve));
    shell.stdin.end(encodeFrame('nonce', steps));
    await locked;
    expect(arm('ssh').status).toBe(0);
    write('run/foobar-rollback', `${said}\n`);
    expect(await output).toMatch(new RegExp(`^nonce 2 ${code}$`, 'm'));
  });

  it('are what units start from again, even where the host was stopped in the middle of putting them back', () => {
    for (const folder of ['run/systemd/system', 'etc/systemd/system'])
      mkdirSync(join(root, folder), { recursive: true });
    const log = join(root, 'log');
    const systemctl = `case "$*" in *is-active*) [ "$3" = ssh.service ];; show*) echo "$4";; *) echo "$*" >>${log};; esac`;
    write('bin/systemctl', `#!/bin/sh\n${systemctl}\n`);
    chmodSync(join(root, 'bin/systemctl'), 0o755);
    expect(arm('ssh')).toMatchObject({ status: 0, stderr: '' });
    write('run/foobar-rollback.back', `${root}/etc/ssh/sshd_config\n`);
    write('run/foobar-rollback', '0\n');
    expect(tell('watch')).toMatchObject({ status: 0, stderr: '' });
    const said = readFileSync(log, 'utf8');
    expect(said).toMatch(/^daemon-reload$[\s\S]*^--no-block restart ssh\.service$/m);
    expect(said).not.toMatch(/restart ssh\.socket/);
  });
});
