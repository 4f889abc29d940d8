import { describe, expect, it } from 'vitest';
import { judgeBackup, readNews } from '../../src/verify/backup.ts';

const most = { full: 100_000, logs: 900 };

describe('the newest backup', () => {
  it.each([
    ['1000000 @900000 990000 999900', true, 'whole 167 min ago, logs 2 min ago'],
    ['1000000 @900000 899999 999900', false, 'whole 1667 min ago, logs 2 min ago'],
    ['1000000 @900000 990000 999000', false, 'whole 167 min ago, logs 17 min ago'],
    ['1000000 @900000 990000 0', false, 'whole 167 min ago, logs never'],
    ['1000000 @999900 0 0', true, 'there is none yet; the timer runs since 2 min'],
    ['1000000 @990000 0 0', false, 'there is none yet; the timer runs since 167 min'],
    ['1000000 0 990000 999900', false, 'its timer does not run'],
  ])('%s: %s', (stdout, kept, seen) => {
    expect(judgeBackup(readNews(`${stdout}\n`), most)).toEqual({ kept, seen });
  });
});
