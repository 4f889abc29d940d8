import { execFileSync } from 'node:child_process';
import { describe, expect, it } from 'vitest';
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
