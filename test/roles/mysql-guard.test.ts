import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { fleet, renderTemplate } from './render.ts';

const away = {
  ...fleet,
  hostvars: { ...fleet.hostvars, balancer1: { ...fleet.hostvars.balancer1, ansible_port: 2222 } },
};
const variables = { mysql_port: 3306 };
const guard = renderTemplate('replication', 'foobar-mysql-guard.j2', { fleet: away, variables });

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'foobar-guard-'));
});
afterAll(() => rmSync(folder, { recursive: true }));

describe('the guard', () => {
  it('knows every host by its own port of SSH', () => {
    expect(/^others='(.*?) *'$/m.exec(guard)?.[1]?.split(' ')).toEqual([
      '198.18.0.10:2222',
      '198.18.0.12:22',
      '198.18.0.13:22',
    ]);
  });

  /** What its functions print where the last lease was taken so long ago, and so many rounds heard nobody. */
  const inside = (seconds: number, quiet: number, words: string, reached = false) => {
    const functions = guard
      .slice(0, guard.indexOf('\numask 077\n'))
      .replace(/^run=.*$/m, `run=${folder}`)
      .replace(/^state=.*$/m, `state=${folder}`);
    for (const name of ['reached', 'lease', 'permission']) rmSync(join(folder, name), { force: true });
    if (reached) writeFileSync(join(folder, 'reached'), '');
    writeFileSync(join(folder, 'permission'), 'uuid\n');
    const script = `${functions}\nuptime; echo $((now - ${seconds})) >"$run/lease"\nquiet=${quiet}\n${words}`;
    return execFileSync('sh', ['-c', script], { encoding: 'utf8' }).trim();
  };
  const isOver = 'if expired; then echo over; else echo held; fi';

  it.each<[string, number, number, boolean, string]>([
    ['has run out when two rounds have reached nobody', 7, 2, false, 'over'],
    ['is held for as long as the next round comes in time', 4, 2, false, 'held'],
    ['is held when only one round has failed', 30, 1, false, 'held'],
    ['is held when somebody was reached', 30, 2, true, 'held'],
  ])('whose lease %s', (_case, seconds, quiet, reached, expected) => {
    expect(inside(seconds, quiet, isOver, reached)).toBe(expected);
  });

  // The questions to the network and to systemd are not asked here; what is decided from their answers is.
  const answers = (killed: boolean, reached: boolean) =>
    `look() { ${reached ? ': >"$run/reached"; quiet=0' : 'quiet=$((quiet + 1))'}; }
systemctl() { ${killed}; }
blind`;

  it.each<[string, number, string, string]>([
    [
      'kills a MySQL that hangs and has reached nobody',
      9,
      `hangs=1; ${answers(true, false)}`,
      'killed: it does not answer, and for 9 s no other host could be reached',
    ],
    [
      'says so when that fails',
      9,
      `hangs=1; ${answers(false, false)}`,
      'cannot be killed, and may take writes: it does not answer, and for 9 s no other host could be reached',
    ],
    [
      'keeps the lease of one that hangs and reaches somebody',
      9,
      `hangs=1; ${answers(true, true)}`,
      'does not answer',
    ],
    ['leaves one alone that does not run', 9, `hangs=0; ${answers(true, false)}`, ''],
  ])('%s', (_case, seconds, words, expected) => {
    expect(inside(seconds, 2, words)).toBe(expected);
  });
});
