import { describe, expect, it } from 'vitest';
import { maskBefore, rememberSecret } from '../src/secrets.ts';

rememberSecret('present-secret');

describe('the text of a file before a change', () => {
  it.each([
    ['stays as it is when nothing secret comes in', 'a: old\nb: 1', 'a: new\nb: 1', 'a: old\nb: 1'],
    [
      'shows only what stays when a secret comes in',
      'user: site\n\npassword: former-secret\nport: 1\n',
      'user: site\n\npassword: present-secret\nport: 2\n',
      'user: site\n\n********\n********\n',
    ],
    ['is nothing when there was nothing', '', 'password: present-secret', ''],
  ])('%s', (_what, before, after, shown) => expect(maskBefore(before, after)).toBe(shown));
});
