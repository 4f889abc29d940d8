import { describe, expect, it } from 'vitest';
import { CommandError, ProjectError, TaskFailure, TransportError } from '../src/errors.ts';
import { failure } from '../src/failure.ts';
import { rememberSecret } from '../src/secrets.ts';

describe('failure', () => {
  it.each([
    [
      new ProjectError([{ message: 'wrong', hint: 'mend it', severity: 'error' }]),
      3,
      /^wrong\n {2}mend it\n/,
    ],
    [
      new TransportError('web1', 'host-key', 'the host key is unknown', 'look'),
      4,
      /^web1: the host key is unknown\n {2}look\n$/,
    ],
    [new TaskFailure('no', 'try'), 1, /^no\n {2}try\n$/],
    [new CommandError('ls', 2, '', 'gone'), 1, /^ls: exit code 2\ngone\n$/],
    [
      Object.assign(new Error("EACCES: permission denied, open 'x'"), { code: 'EACCES', syscall: 'open' }),
      1,
      /^EACCES: permission denied, open 'x'\n$/,
    ],
    [new TypeError('x is not a function'), 1, /TypeError: x is not a function\n +at [\s\S]*Please report it/],
    ['text', 1, /^text\n/],
  ])('%s', (error, code, text) => {
    expect(failure(error)).toEqual({ code, text: expect.stringMatching(text) });
  });

  it('masks secrets', () => {
    rememberSecret('hunter2hunter2');
    expect(failure(new TaskFailure('password hunter2hunter2 refused')).text).toBe(
      'password ******** refused\n',
    );
  });
});
