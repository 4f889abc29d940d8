import { describe, expect, it } from 'vitest';
import { failure, withLines } from '../../src/engine/outcome.ts';
import { CommandError } from '../../src/errors.ts';

describe('the lines of what a module said', () => {
  it.each([
    ["as Python's splitlines", { stdout: 'a\r\nb\n\nc\n', stderr: '' }, ['a', 'b', '', 'c'], []],
    ['only of texts', { stdout: 3 }, undefined, undefined],
    ['not in place of its own', { stdout: 'a\nb', stdout_lines: ['own'] }, ['own'], undefined],
  ])('%s', (_name, values, stdout, stderr) => {
    const { stdout_lines, stderr_lines } = withLines(values);
    expect([stdout_lines, stderr_lines]).toEqual([stdout, stderr]);
  });

  it('are there when a command fails', () => {
    const { result } = failure(new CommandError('false', 1, 'one\ntwo\n', 'three'), false);
    expect(result).toMatchObject({ stdout_lines: ['one', 'two'], stderr_lines: ['three'] });
  });
});
