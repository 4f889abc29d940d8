import { describe, expect, it } from 'vitest';
import { warningTexts } from '../../src/commands/warnings.ts';
import type { Problem } from '../../src/errors.ts';

const place = (line: number) => ({ file: '/none/site.yaml', line, column: 3 });
const unread: Problem = {
  message: 'nobody reads x',
  place: place(2),
  hint: 'did you mean y?',
  severity: 'warning',
};
const foreign = (line: number): Problem => ({
  message: `Ansible's module m${line} is not supported`,
  place: place(line),
  severity: 'warning',
  unsupported: true,
});

describe('warnings before a run', () => {
  it('have their place and advice', () => {
    expect(warningTexts([unread, { message: 'plain', severity: 'warning' }])).toEqual([
      '/none/site.yaml:2:3: nobody reads x (did you mean y?)',
      'plain',
    ]);
  });

  it('name what is not supported, or count it when it is much', () => {
    expect(warningTexts([foreign(4), foreign(5)])).toHaveLength(2);
    expect(warningTexts([foreign(4), unread, foreign(5), foreign(6)])).toEqual([
      '/none/site.yaml:2:3: nobody reads x (did you mean y?)',
      '3 things of Ansible that foobar does not have are used where they may never be reached; foobar check lists them',
    ]);
  });
});
