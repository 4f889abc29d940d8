import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { parseText, UnbalancedText } from '../../src/playbook/arguments.ts';
import { freeForm } from '../../src/playbook/keywords.ts';

describe('name=value parameters', () => {
  it.each([
    ['name=nginx state=present', { name: 'nginx', state: 'present' }],
    ['msg="hello world" x=1', { msg: 'hello world', x: '1' }],
    [`msg='it is "here"'`, { msg: 'it is "here"' }],
    [String.raw`msg="say \"hi\""`, { msg: 'say "hi"' }],
    [
      'path={{ root }}/{{ item.name | default("a b") }} mode=0755',
      { path: '{{ root }}/{{ item.name | default("a b") }}', mode: '0755' },
    ],
    ['that="a == b" ', { that: 'a == b' }],
    ['src=a\n  dest=b', { src: 'a', dest: 'b' }],
    ['url=https://example.com/?a=b', { url: 'https://example.com/?a=b' }],
    ['', {}],
  ])('%s', (text, args) => expect(parseText(text).args).toEqual(args));

  it('names words that fit nowhere', () =>
    expect(parseText('name=a present').args).toEqual({ name: 'a', _raw_params: 'present' }));

  it('knows where the values are', () => {
    const text = 'name=nginx msg="x y"';
    expect(parseText(text).offsets).toEqual({ name: 5, msg: text.indexOf('x y') });
  });
});

describe('free forms', () => {
  it.each([
    ['command', 'make install', { _raw_params: 'make install' }],
    [
      'command',
      'make install creates=/usr/bin/x chdir="/opt/my app"',
      { _raw_params: 'make install', creates: '/usr/bin/x', chdir: '/opt/my app' },
    ],
    ['command', 'mysql -e "SELECT 1" --user=root', { _raw_params: 'mysql -e "SELECT 1" --user=root' }],
    ['command', 'creates=/x touch  /x', { creates: '/x', _raw_params: 'touch  /x' }],
    ['shell', 'a=1 b | grep "creates=/x"', { _raw_params: 'a=1 b | grep "creates=/x"' }],
    [
      'shell',
      'set -e\nfor i in a  b; do\n  echo $i\ndone',
      { _raw_params: 'set -e\nfor i in a  b; do\n  echo $i\ndone' },
    ],
    ['raw', 'uname executable=/bin/bash', { _raw_params: 'uname', executable: '/bin/bash' }],
    ['script', 'setup.sh --force creates=/x', { _raw_params: 'setup.sh --force', creates: '/x' }],
    ['include_vars', 'secrets.yaml', { _raw_params: 'secrets.yaml' }],
    ['include_vars', 'file=a.yaml name=b', { file: 'a.yaml', name: 'b' }],
    ['meta', 'flush_handlers', { _raw_params: 'flush_handlers' }],
  ])('%s: %s', (module, text, args) => expect(parseText(text, freeForm.includes(module)).args).toEqual(args));
});

/** What ansible-core made of the same texts: recorded by record-parse-kv.py. */
describe('as ansible-core reads it', () => {
  const recorded = JSON.parse(readFileSync(join(import.meta.dirname, 'parse-kv.json'), 'utf8')) as [
    string,
    boolean,
    Record<string, string> | null,
  ][];
  const read = (text: string, isFreeForm: boolean) => {
    try {
      return parseText(text, isFreeForm).args;
    } catch (error) {
      if (error instanceof UnbalancedText) return null;
      throw error;
    }
  };
  it('in more than a thousand texts', () => {
    expect(recorded.length).toBeGreaterThan(1000);
    const answers = recorded.map(([text, isFreeForm]) => [text, isFreeForm, read(text, isFreeForm)]);
    expect(answers).toEqual(recorded);
  });
});

it('refuses quotes and braces that do not close', () => {
  for (const text of ["echo it's fine", 'msg={{ a', 'msg="a'])
    expect(() => parseText(text)).toThrow(UnbalancedText);
});

it('reads back what is quoted', () => {
  const name = fc.stringMatching(/^[a-z]{1,8}$/);
  const value = fc.string().filter((text) => !/[\\"{}]/.test(text));
  fc.assert(
    fc.property(fc.dictionary(name, value), (args) => {
      const text = Object.entries(args)
        .map(([key, item]) => `${key}="${item}"`)
        .join(' ');
      expect(parseText(text).args).toEqual({ ...args });
    }),
  );
});
