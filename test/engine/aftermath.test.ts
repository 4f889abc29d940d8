import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { connectSsh } from '../../src/host/ssh.ts';
import { signal, startSshd, type TestSshd } from '../host/sshd.ts';
import { on, play, scratch } from './play.ts';

let sshd: TestSshd;
beforeAll(async () => {
  sshd = await startSshd();
});
afterAll(async () => {
  await sshd.stop();
  rmSync(scratch, { recursive: true, force: true });
});

/** Runs tasks over a real sshd, whose sessions are killed once a file is there. */
async function killedAt(tasks: string, handlers?: string) {
  const here = mkdtempSync(join(scratch, 'cut-'));
  const playing = play(on(tasks, handlers), {
    hosts: ['one'],
    here,
    connection: 'ssh',
    connect: () => connectSsh(sshd.settings({ name: 'one' })),
  });
  await vi.waitUntil(() => existsSync(join(here, 'one/begun')), { timeout: 120_000, interval: 20 });
  signal(sshd.sessions(), 'SIGKILL');
  return playing;
}

const slow = 'sh -c "touch {{ mine }}/begun; sleep 1; touch {{ mine }}/ended"';

describe('a task whose connection was lost', () => {
  it('is unknown, and nothing comes after it, rescues least of all', async () => {
    const { told, hosts, events } = await killedAt(`
- { name: Before, copy: { dest: "{{ mine }}/before", content: x } }
- block:
    - { name: Slow, command: '${slow}', ignore_errors: true }
  rescue:
    - { name: Rescue, debug: { msg: x } }
- { name: Never, debug: { msg: x } }`);
    expect(told).toEqual(['one Before changed', 'one Slow unknown']);
    expect(hosts.one).toMatchObject({ changed: 1, ok: 0, unknown: 1, unreachable: 0, failed: 0, rescued: 0 });
    const lost = events.find((event) => event.event === 'task' && event.status === 'unknown');
    expect(lost).toMatchObject({
      message: expect.stringMatching(
        /^the connection to 127\.0\.0\.1 was lost.* after this was sent at \d\d:\d\d:\d\d: its end is not known\nasked over a new connection: /,
      ),
      hint: expect.stringMatching(/run again/),
    });
  });

  it('tells whether what it was to bring about is there', async () => {
    const { told, events } = await killedAt(`
- { name: Slow, copy: { dest: "{{ mine }}/file", content: x, validate: 'sh -c "touch {{ mine }}/begun; sleep 1; true %s"' } }`);
    expect(told).toEqual(['one Slow unknown']);
    const lost = events.find((event) => event.event === 'task');
    expect(lost).toMatchObject({
      message: expect.stringMatching(/what it was to bring about is (not )?there/),
    });
  });

  it('is passed over where unreachable hosts are, and never counted as ok', async () => {
    const { told, hosts } = await killedAt(`
- { name: Slow, command: '${slow}', ignore_unreachable: true, register: slow }
- { name: Seen, assert: { that: [slow is unreachable, slow is not changed] } }`);
    expect(told).toEqual(['one Slow unknown, ignored', 'one Seen ok']);
    expect(hosts.one).toMatchObject({ ok: 1, changed: 0, unknown: 0, ignored: 1 });
  });
});
