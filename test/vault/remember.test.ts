import { describe, expect, it } from 'vitest';
import { mask, maskText } from '../../src/secrets.ts';
import { rememberText, rememberValues } from '../../src/vault/remember.ts';

describe('a decrypted text', () => {
  rememberText('pass "word" 1&2');
  rememberText('first line\n  second line\n');
  rememberText("it's a secret");
  rememberText('mysql://app:{{ password }}@db/site');
  rememberText('vw7');
  rememberText('cost-of $x per-item');

  it.each([
    ['as it is', '-p pass "word" 1&2;', '-p ********;'],
    ['as JSON', JSON.stringify({ p: 'pass "word" 1&2' }), '{"p":"********"}'],
    ['in an address', `?p=${encodeURIComponent('pass "word" 1&2')}`, '?p=********'],
    ['as base64', `Basic ${btoa('pass "word" 1&2')}`, 'Basic ********'],
    ['one line of it', '+  second line', '+  ********'],
    ['quoted for a shell', `echo 'it'\\''s a secret'`, `echo '********'`],
    ['around what a shell would expand', `'cost-of '"\${x-}"' per-item'`, `'********'"\${x-}"'********'`],
    ['around a template', 'mysql://app:x@db/site', '********x********'],
    ['of three letters as a word', 'say vw7, not vw7x', 'say ********, not vw7x'],
  ])('is masked %s', (_how, text, shown) => expect(maskText(text)).toBe(shown));
});

describe('the values of an encrypted file', () => {
  rememberValues({ port: 3306144, on: true, list: ['deep secret'], state: 'present-it', name: 'Task name' });
  rememberValues({ whole: 'deep secret and more', ordinary: 'present' });

  it('are masked with their kinds', () =>
    expect(mask({ a: 3306144, b: 'deep secret', c: 3306 })).toEqual({
      a: '********',
      b: '********',
      c: 3306,
    }));
  it('are masked as the longest that is known', () =>
    expect(maskText('deep secret and more')).toBe('********'));
  it('do not hide what a playbook is made of', () =>
    expect(maskText('Task name present-it present true')).toBe('Task name present-it present true'));
});
