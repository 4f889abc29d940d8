import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { askStep, became, parseStep } from '../../src/host/step-record.ts';

const boot = 'boot-2';
const read = (...lines: string[]) => parseStep(`${[boot, ...lines].join('\n')}\n`);

describe('what became of a step', () => {
  it.each([
    ['7 boot-2 frame 3 0', 'alive', 'it had ended with exit code 0'],
    ['7 boot-2 frame 3 100', '', 'it had ended with exit code 100'],
    ['7 boot-2 frame 4', 'alive', 'it had ended, and what was sent behind it had begun'],
    ['7 boot-2 frame 3', 'alive', 'it still runs there'],
    ['7 boot-2 frame 3', '', 'it was cut off: nothing there waits for its end'],
    ['7 boot-2 frame 2', 'alive', 'it waits behind a step that still runs there'],
    ['7 boot-2 frame 2 0', 'alive', 'it had not begun'],
    ['7 boot-2 earlier 9 0', '', 'it had not begun'],
    ['7 boot-1 frame 3', '', 'the host was started anew in the middle of it'],
    ['7 boot-1 frame 3 0', '', 'it had ended with exit code 0'],
    ['7 boot-1 earlier 9 0', '', 'the host was started anew, and has no record of it'],
    ['', '', 'the host was started anew, and has no record of it'],
  ])('%s %s: %s', (line, alive, words) => {
    expect(became('frame 3', read(line, alive)).words).toBe(words);
  });

  it('is over unless it runs, or waits to', () => {
    const runs = (...lines: string[]) => became('frame 3', read(...lines)).runs ?? false;
    expect(runs('7 boot-2 frame 3', 'alive')).toBe(true);
    expect(runs('7 boot-2 frame 2', 'alive')).toBe(true);
    expect(runs('7 boot-2 frame 3 0', 'alive')).toBe(false);
    expect(runs('7 boot-2 frame 3')).toBe(false);
  });

  it('is asked of the host with a script that its shell takes', () => {
    const stdout = execFileSync('sh', ['-c', askStep('frame 3').text], { encoding: 'utf8' });
    expect(parseStep(stdout).boot).toBe(readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim());
  });
});
