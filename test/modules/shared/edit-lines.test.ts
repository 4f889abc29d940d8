import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  type BlockWish,
  editBlock,
  editLines,
  type LineWish,
  replaceAll,
  splitLines,
} from '../../../src/modules/shared/edit-lines.ts';

const line = (wish: Partial<LineWish>): LineWish => ({
  state: 'present',
  backrefs: false,
  firstmatch: false,
  ...wish,
});
const block = (wish: Partial<BlockWish>): BlockWish => ({
  state: 'present',
  block: 'x\ny',
  marker: '# {mark}',
  marker_begin: 'BEGIN',
  marker_end: 'END',
  append_newline: false,
  prepend_newline: false,
  ...wish,
});
const texts = fc
  .array(fc.constantFrom('a', 'b', 'x', '# BEGIN', '# END', '', 'a b'), { maxLength: 8 })
  .map((lines) => lines.join('\n'));

describe('editLines', () => {
  it.each<[string, Partial<LineWish>, string, string]>([
    ['appends', { line: 'c' }, 'a\nb\n', 'a\nb\nc\n'],
    ['ends the last line first', { line: 'c' }, 'a\nb', 'a\nb\nc\n'],
    ['starts an empty file', { line: 'c' }, '', 'c\n'],
    ['leaves a line that is there', { line: 'a' }, 'a\nb\n', 'a\nb\n'],
    ['replaces the last match', { line: 'P 2', regexp: '^#?P ' }, 'P 1\n#P 1\nz\n', 'P 1\nP 2\nz\n'],
    [
      'replaces the first match when told',
      { line: 'P 2', regexp: '^P ', firstmatch: true },
      'P 1\nP 1\n',
      'P 2\nP 1\n',
    ],
    ['replaces by search_string', { line: 'P 2', search_string: '(1' }, 'P (1\n', 'P 2\n'],
    ['does not add what is there though regexp misses', { line: 'b', regexp: '^q' }, 'b\na\n', 'b\na\n'],
    ['goes after the last match', { line: 'n', insertafter: '^a' }, 'a\na\nb\n', 'a\na\nn\nb\n'],
    [
      'goes after the first match when told',
      { line: 'n', insertafter: '^a', firstmatch: true },
      'a\na\nb\n',
      'a\nn\na\nb\n',
    ],
    [
      'looks for the line only up to the first match when told',
      { line: 'n', insertafter: '^a', firstmatch: true },
      'a\nb\nn\n',
      'a\nn\nb\nn\n',
    ],
    [
      'finds the line before the first match when told',
      { line: 'n', insertafter: '^a', firstmatch: true },
      'n\na\nb\n',
      'n\na\nb\n',
    ],
    ['goes after a last line without its end', { line: 'n', insertafter: '^b' }, 'a\nb', 'a\nb\nn\n'],
    ['goes before the match', { line: 'n', insertbefore: '^b' }, 'a\nb\n', 'a\nn\nb\n'],
    ['goes to the end without a match', { line: 'n', insertbefore: '^q' }, 'a\n', 'a\nn\n'],
    ['goes to the beginning', { line: 'n', insertbefore: 'BOF' }, 'a\n', 'n\na\n'],
    [
      'fills groups in',
      { line: '\\1=\\g<v>;', regexp: '^(k)\\s*=\\s*(?P<v>\\d+)$', backrefs: true },
      'k = 5\n',
      'k=5;\n',
    ],
    ['does nothing with backrefs and no match', { line: 'n', regexp: '^q', backrefs: true }, 'a\n', 'a\n'],
    ['without backrefs keeps backslashes', { line: '\\1', regexp: '^a' }, 'a\n', '\\1\n'],
    ['removes all matches', { state: 'absent', regexp: '^a' }, 'a\nb\nab\n', 'b\n'],
    ['removes exact lines', { state: 'absent', line: 'a' }, 'a\nab\na', 'ab\n'],
    ['removes by search_string', { state: 'absent', search_string: '.' }, 'a.b\nab\n', 'ab\n'],
  ])('%s', (_name, wish, before, after) => {
    expect(editLines(before, line(wish))).toBe(after);
    expect(editLines(after, line(wish))).toBe(after);
  });

  it('is settled after once, and adds at most one line', () => {
    const wishes = fc.record({
      line: fc.constantFrom('a', 'x', 'new'),
      insertafter: fc.constantFrom(undefined, 'EOF', 'a', '^b'),
      firstmatch: fc.boolean(),
    });
    fc.assert(
      fc.property(texts, wishes, (text, wish) => {
        const once = editLines(text, line(wish));
        expect(editLines(once, line(wish))).toBe(once);
        expect(splitLines(once).length - splitLines(text).length).toBeLessThanOrEqual(1);
        // As Ansible: a line that is there already at the end of the file is left without newline.
        expect(once.split('\n')).toContain(wish.line);
      }),
    );
  });
});

describe('editBlock', () => {
  it.each<[string, Partial<BlockWish>, string, string]>([
    ['appends', {}, 'a', 'a\n# BEGIN\nx\ny\n# END\n'],
    ['replaces in place', { block: 'z' }, 'a\n# BEGIN\nx\n# END\nb\n', 'a\n# BEGIN\nz\n# END\nb\n'],
    ['goes after the last match', { insertafter: '^a' }, 'a\nb\n', 'a\n# BEGIN\nx\ny\n# END\nb\n'],
    ['goes to the beginning', { insertbefore: 'BOF', block: 'z\n' }, 'a\n', '# BEGIN\nz\n# END\na\n'],
    ['removes', { state: 'absent' }, 'a\n# BEGIN\nx\n# END\nb\n', 'a\nb\n'],
    ['removes when empty', { block: '' }, '# BEGIN\n# END', ''],
    ['has nothing to remove', { state: 'absent' }, 'a', 'a'],
    [
      'empty lines around',
      { append_newline: true, prepend_newline: true, block: 'z', insertafter: 'a' },
      'a\nb\n',
      'a\n\n# BEGIN\nz\n# END\n\nb\n',
    ],
  ])('%s', (_name, wish, before, after) => {
    expect(editBlock(before, block(wish))).toBe(after);
    expect(editBlock(after, block(wish))).toBe(after);
  });

  it('is settled after once, and absent takes it all away again', () => {
    fc.assert(
      fc.property(texts, fc.boolean(), fc.boolean(), (text, prepend_newline, append_newline) => {
        const wish = block({ prepend_newline, append_newline });
        const once = editBlock(text, wish);
        expect(editBlock(once, wish)).toBe(once);
        expect(once).toContain('# BEGIN\nx\ny\n# END\n');
      }),
    );
  });
});

describe('replaceAll', () => {
  it.each([
    ['every match, by line', { regexp: '^(\\w)=.*$', replace: '\\1:' }, 'a=1\nb=2\n', 'a:\nb:\n'],
    ['only after', { regexp: 'a', replace: 'b', after: '\\[two\\]' }, 'a\n[two]\na a\n', 'a\n[two]\nb b\n'],
    ['only before', { regexp: 'a', replace: 'b', before: '\\[two\\]' }, 'a\n[two]\na\n', 'b\n[two]\na\n'],
    ['only between', { regexp: 'a', replace: '', after: '<', before: '>' }, 'a<a\na>a', 'a<\n>a'],
    ['nothing without its section', { regexp: 'a', replace: 'b', after: 'zz' }, 'a', 'a'],
    ['empty matches', { regexp: '^', replace: '# ' }, 'a\nb', '# a\n# b'],
  ])('%s', (_name, wish, before, after) => {
    expect(replaceAll(before, wish)).toBe(after);
  });
});
