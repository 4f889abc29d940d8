import { join } from 'node:path';
import { expect, it } from 'vitest';
import { failure } from '../../src/engine/outcome.ts';
import { ProjectError, TaskFailure } from '../../src/errors.ts';

const error = new ProjectError([
  { message: 'only a warning', severity: 'warning' },
  {
    message: 'there is no such key',
    place: { file: join(process.cwd(), 'site.yaml'), line: 3, column: 5 },
    hint: 'did you mean name?',
    severity: 'error',
  },
]);

it('a mistake in the project that only a task finds fails it, with place and hint', () => {
  const message = 'site.yaml:3:5: there is no such key';
  expect(failure(error, false)).toEqual({
    status: 'failed',
    message,
    hint: 'did you mean name?',
    result: { changed: false, failed: true, msg: message },
  });
});

it('after changes that check mode only planned, a failure is not known', () => {
  expect(failure(error, true)).toMatchObject({ status: 'unknown', result: { changed: true } });
  expect(failure(new TaskFailure('no such user'), true)).toMatchObject({ status: 'unknown' });
});

it('what nobody foresaw is a bug, in check mode too', () => {
  for (const unsure of [false, true]) {
    const outcome = failure(new TypeError('no such property'), unsure);
    expect(outcome.status).toBe('failed');
    expect(outcome.message).toMatch(/^bug in foobar: TypeError: no such property/);
  }
});
