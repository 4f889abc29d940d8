import { spawnSync } from 'node:child_process';
import { chmodSync, mkdirSync, mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { sh } from '../../../src/host/sh.ts';
import { formatMode, mode, resolveMode } from '../../../src/modules/shared/mode.ts';

describe('mode', () => {
  it.each([
    ['0644', '0644'],
    ['644', '0644'],
    ['0o755', '0755'],
    ['1777', '1777'],
    [420, '0644'],
    [644, '0644'],
    [0o755, '0755'],
    [755, '0755'],
    [0o600, '0600'],
    [600, '0600'],
    [' 0640 ', '0640'],
    ['u=rw,g=r,o=', 'u=rw,g=r,o='],
    ['a+X', 'a+X'],
    ['g+w-x', 'g+w-x'],
  ])('takes %j for %s', (given, read) => {
    expect(mode.parse(given)).toBe(read);
  });

  it.each(['0888', '', 'rw-r--r--', 'u=q', 'u', 77777, -1, 1.5, 400, 511, true])('refuses %j', (given) => {
    expect(mode.safeParse(given).success).toBe(false);
  });
});

describe('resolveMode', () => {
  it.each([
    ['u=rw,g=r,o=', 0o777, false, 0o640],
    ['a+X', 0o644, false, 0o644],
    ['a+X', 0o744, false, 0o755],
    ['a+X', 0o644, true, 0o755],
    ['u+s,g-w', 0o775, false, 0o4755],
    ['g=u', 0o740, false, 0o770],
    ['+w', 0o444, false, 0o644],
    ['o+t', 0o777, true, 0o1777],
    ['0755', 0o4644, false, 0o755],
  ])('%s on %o', (wanted, current, directory, bits) => {
    expect(formatMode(resolveMode(wanted, current, directory))).toBe(formatMode(bits));
  });

  it('agrees with chmod', () => {
    const who = fc.constantFrom('u', 'g', 'o', 'a', 'ug', 'go', '');
    const operation = fc.tuple(
      fc.constantFrom('+', '-', '='),
      fc.oneof(
        fc.subarray(['r', 'w', 'x', 'X', 's', 't']).map((list) => list.join('')),
        fc.constantFrom('u', 'g', 'o'),
      ),
    );
    const clause = fc
      .tuple(who, operation, operation)
      .map(([whom, first, second]) => [whom, ...first, ...second].join(''));
    const modes = fc.array(clause, { minLength: 1, maxLength: 3 }).map((list) => list.join(','));
    const cases = fc.sample(fc.tuple(modes, fc.integer({ min: 0, max: 0o7777 }), fc.boolean()), 150);
    const folder = mkdtempSync(join(tmpdir(), 'mode-'));
    try {
      const paths = cases.map(([, current, isDirectory], index) => {
        const path = join(folder, String(index));
        if (isDirectory) mkdirSync(path);
        else writeFileSync(path, '');
        chmodSync(path, current);
        return path;
      });
      const script = cases.map(([wanted], index) => sh`chmod -- ${wanted} ${paths[index] ?? ''}`.text);
      spawnSync('sh', ['-c', `umask 022\n${script.join('\n')}`]);
      for (const [index, [wanted, current, isDirectory]] of cases.entries()) {
        const what = `${wanted} on ${formatMode(current)}`;
        expect(mode.parse(wanted)).toBe(wanted);
        expect(`${what}: ${formatMode(resolveMode(wanted, current, isDirectory))}`).toBe(
          `${what}: ${formatMode(statSync(paths[index] ?? '').mode)}`,
        );
      }
    } finally {
      rmSync(folder, { recursive: true });
    }
  });
});
