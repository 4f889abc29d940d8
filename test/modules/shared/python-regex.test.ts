import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { expandMatch, pythonRegex } from '../../../src/modules/shared/python-regex.ts';

describe('pythonRegex', () => {
  it.each([
    ['^a$', 'a\n', 'a'],
    ['^a$', 'b\na', undefined],
    ['(?m)^a$', 'b\na\nc', 'a'],
    ['a\\Z', 'a\n', undefined],
    ['\\Aa', 'ba', undefined],
    ['(?i)PORT', 'port 22', 'port'],
    ['(?s)a.b', 'a\nb', 'a\nb'],
    ['a.b', 'a\nb', undefined],
    ['a.b', 'a\rb', 'a\rb'],
    ['(?P<k>\\w+)=(?P=k)', 'x ab=ab', 'ab=ab'],
    ['[]x]+', ']x]', ']x]'],
    ['[^]]+', ']ab', 'ab'],
    ['[\\w-]+', 'a-b c', 'a-b'],
    ['[\\w-.]+', 'a-.b c', 'a-.b'],
    ['a{,2}b', 'aaab', 'aab'],
    ['a$b', 'ab', undefined],
    ['{{ x }}', 'a {{ x }}', '{{ x }}'],
    ['\\"\\ \\-\\#\\/', '"' + ' -#/', '" -#/'],
    ['a(?#comment)b', 'ab', 'ab'],
    ['(?<=a)b(?!c)(?:d|e)', 'abd', 'bd'],
    ['\\.conf\\b', 'x.conf', '.conf'],
    ['[\\[\\]]', 'a]', ']'],
    ['^#?\\s*Port\\s', '#Port 22\n', '#Port '],
    ['\\x41\\101', 'AA', 'AA'],
  ])('%s in %j finds %j', (pattern, text, found) => {
    expect(pythonRegex(pattern).exec(text)?.[0]).toBe(found);
  });

  it.each(['(?x)a b', 'a(?i:b)', '(?(1)a|b)', '[a', '(a', 'a**', '(?>a)'])('refuses %s', (pattern) => {
    expect(() => pythonRegex(pattern)).toThrow(/regular expression/);
  });

  it('finds any text that is escaped as re.escape does it', () => {
    const pythonEscape = (text: string) =>
      text.replace(/[^A-Za-z0-9_]/gu, (char) => (char.charCodeAt(0) < 128 ? `\\${char}` : char));
    fc.assert(
      fc.property(fc.string({ unit: 'grapheme', minLength: 1 }), (text) => {
        expect(pythonRegex(pythonEscape(text)).exec(`x${text}y`)?.[0]).toBe(text);
      }),
    );
  });
});

describe('expandMatch', () => {
  it.each([
    ['\\1=\\g<2>', 'a=b'],
    ['\\g<name>\\n', 'a\n'],
    ['\\g<0>\\\\', 'a b\\'],
    ['C:\\dir', 'C:\\dir'],
  ])('%s', (template, result) => {
    expect(expandMatch(template, pythonRegex('(?P<name>a) (b)(c)?').exec('a b')!)).toBe(result);
  });

  it('gives nothing for a group that took no part, and refuses one that there is not', () => {
    const match = pythonRegex('(a)(c)?').exec('a')!;
    expect(expandMatch('<\\2>', match)).toBe('<>');
    expect(() => expandMatch('\\3', match)).toThrow(/no group 3/);
    expect(() => expandMatch('\\g<x>', match)).toThrow(/no group x/);
  });
});
