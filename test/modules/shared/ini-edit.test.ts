import { describe, expect, it } from 'vitest';
import { editIni, type IniWish } from '../../../src/modules/shared/ini-edit.ts';

const wish: IniWish = {
  section: 'm',
  option: 'foo',
  values: ['4'],
  state: 'present',
  exclusive: true,
  no_extra_spaces: false,
  ignore_spaces: false,
  allow_no_value: false,
  modify_inactive_option: true,
};
const many = '[m]\nfoo=1\nfoo=2\n#foo=3\nfoo = 4\nbar\n';

// Every answer is one of community.general 11.2.1's module.
describe('editIni', () => {
  it.each<[string, string, Partial<IniWish>, string, string]>([
    ['one value of several', many, {}, '[m]\nfoo = 4\nbar\n', 'option changed'],
    [
      'several values',
      many,
      { values: ['2', '5', '6'] },
      '[m]\nfoo = 5\nfoo = 2\nfoo = 6\nbar\n',
      'option changed',
    ],
    [
      'several values beside others',
      many,
      { values: ['2', '5'], exclusive: false },
      '[m]\nfoo=1\nfoo = 2\n#foo=3\nfoo = 4\nbar\nfoo = 5\n',
      'option added',
    ],
    [
      'a value for an option without',
      many,
      { option: 'bar' },
      `${many.slice(0, -4)}bar = 4\n`,
      'option changed',
    ],
    ['no value', '[m]\n', { values: [], allow_no_value: true }, '[m]\nfoo\n', 'option added'],
    [
      'only active ones',
      '[m]\n;foo=3\n',
      { modify_inactive_option: false },
      '[m]\nfoo = 4\n;foo=3\n',
      'option added',
    ],
    ['spaces that do not matter', '[m]\nfoo=4\n', { ignore_spaces: true }, '[m]\nfoo=4\n', 'OK'],
    ['an empty value', '[m]\n', { values: [''], no_extra_spaces: true }, '[m]\nfoo=\n', 'option added'],
    ['a new section', '[a]\n', {}, '[a]\n[m]\nfoo = 4\n', 'section and option added'],
    ['an empty file', '', {}, '\n[m]\nfoo = 4\n', 'section and option added'],
    ['no section', 'a=1\n[m]\n', { section: undefined }, 'a=1\nfoo = 4\n[m]\n', 'option added'],
    [
      'before comments at the end',
      '[m]\na=1\n\n# c\n[n]\n',
      {},
      '[m]\na=1\nfoo = 4\n\n# c\n[n]\n',
      'option added',
    ],
    ['a last line without newline', '[m]\nfoo = 4', {}, '[m]\nfoo = 4\n', 'OK'],
    ['a byte order mark and CRLF', '\uFEFF[m]\r\nfoo=1\r\n', {}, '[m]\nfoo = 4\n', 'option changed'],
    ['absent', many, { state: 'absent' }, '[m]\n#foo=3\nbar\n', 'option changed'],
    [
      'absent, one value',
      many,
      { state: 'absent', exclusive: false },
      many.replace('foo = 4\n', ''),
      'option changed',
    ],
    [
      'absent, the section',
      `${many}[n]\n`,
      { state: 'absent', option: undefined },
      '[n]\n',
      'section removed',
    ],
    ['absent from nothing', '', { state: 'absent' }, '\n', 'OK'],
    [
      'the section that has a value',
      '[m]\na=1\n[m]\na=2\n',
      { section_has_values: [{ option: 'a', values: ['2'] }] },
      '[m]\na=1\n[m]\na=2\nfoo = 4\n',
      'option added',
    ],
    [
      'no section that has a value',
      '[m]\na=1\n',
      { section_has_values: [{ option: 'a', values: ['2'] }] },
      '[m]\na=1\n[m]\na = 2\nfoo = 4\n',
      'section and option added',
    ],
  ])('%s', (_name, before, more, after, msg) => {
    expect(editIni(before, { ...wish, ...more })).toMatchObject({ text: after, msg });
    const settled = editIni(after, { ...wish, ...more });
    expect([settled.changed, settled.text]).toEqual([false, after]);
  });
});
