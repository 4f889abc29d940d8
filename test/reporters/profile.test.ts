import { describe, expect, it } from 'vitest';
import type { Profile } from '../../src/profile/contract.ts';
import { colors } from '../../src/reporters/colors.ts';
import { bytes, profileLines } from '../../src/reporters/profile.ts';
import { width } from '../../src/reporters/text.ts';

const task = {
  host: 'server1',
  task: 'mysql : Install a package with a name that is long enough for two lines of a narrow terminal',
  module: 'apt',
  place: 'playbooks/roles/mysql/tasks/main.yaml:63',
  status: 'changed',
  stops: false,
  from: 1,
  to: 61,
};
const busy = { connect: 0.5, read: 3, fix: 57, wait: 1, idle: 0.5, spans: [], waits: [] };
const wire = { frames: 9, trips: 7, sent: 1234, received: 20_480_000 };
const profile: Profile = {
  wall: 62,
  cpu: 1.25,
  memory: 96e6,
  hosts: Array.from({ length: 25 }, (_each, index) => ({
    ...busy,
    ...wire,
    host: `server${index}`,
    fix: index,
  })),
  path: [
    { from: 0, to: 1, work: 'starting', onHost: 0 },
    { from: 1, to: 61, work: 'packages', onHost: 59.5, task },
    { from: 61, to: 62, work: 'foobar', onHost: 0 },
  ],
  work: { starting: 1, packages: 60, foobar: 1, reads: 0.001 },
  slowest: [{ ...task, seconds: 60, hosts: 3, rounds: 1 }],
  reads: [{ name: 'stat', times: 12, seconds: 0.75 }],
};

describe('the text of a profile', () => {
  it('names the kinds of work, the busiest hosts first, and the stages with their times', () => {
    const lines = profileLines(profile, { colors: colors(false) });
    expect(lines).toContain(
      'profile: 1 min 2 s on 25 hosts; controller 1.3 s CPU, 96 MB; at most 7 round trips a host; 31 kB out, 512 MB in',
    );
    expect(lines).toContain('packages 1 min 0 s (97 %), starting 1.0 s (2 %), foobar itself 1.0 s (2 %)');
    expect(lines[3]).toBe('server24     0.50  3.00  24.0  1.00  0.50      7  1.2 kB  20 MB');
    expect(lines).toContain('and 5 hosts more');
    expect(lines).toContain(`1.00     60.0     59.5  server1  ${task.task}  ${task.place}`);
    expect(lines).toContain('0.00     1.00                    starting');
    expect(lines.at(-1)).toBe('reads on the hosts: stat 0.8 s in 12');
  });

  it.each([80, 120])('fits into %i columns', (columns) => {
    for (const line of profileLines(profile, { colors: colors(true), columns }))
      expect(width(line)).toBeLessThanOrEqual(columns);
  });
});

describe('bytes', () => {
  it.each<[number, string]>([
    [0, '0 B'],
    [999, '999 B'],
    [1000, '1.0 kB'],
    [9960, '10 kB'],
    [999_600, '1.0 MB'],
    [96e6, '96 MB'],
  ])('%i are %s', (number, text) => {
    expect(bytes(number)).toBe(text);
  });
});
