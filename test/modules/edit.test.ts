import { chmodSync, readFileSync, readlinkSync, statSync, symlinkSync, writeFileSync } from 'node:fs';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { NotYet } from '../../src/errors.ts';
import lineinfile from '../../src/modules/lineinfile.ts';
import { Bench, shown } from './harness.ts';

let bench: Bench;
beforeEach(async () => {
  bench = await Bench.open();
  writeFileSync(bench.at('f'), 'Port 22\nother\n');
  chmodSync(bench.at('f'), 0o640);
});
afterEach(() => bench.close());
const text = () => readFileSync(bench.at('f'), 'utf8');

describe('lineinfile', () => {
  it('replaces a line, keeps mode and backup, and settles', async () => {
    const args = { path: bench.at('f'), regexp: '^Port ', line: 'Port 2222', backup: true };
    expect(shown(await bench.check('lineinfile', args))).toEqual([
      'content Port 22\nother\n -> Port 2222\nother\n',
    ]);
    expect(text()).toContain('Port 22\n');
    const { left, result } = await bench.settle('lineinfile', args);
    expect([left, text()]).toEqual([[], 'Port 2222\nother\n']);
    expect(statSync(bench.at('f')).mode & 0o777).toBe(0o640);
    expect(readFileSync(result.backup as string, 'utf8')).toBe('Port 22\nother\n');
    expect((await bench.settle('lineinfile', args)).changes).toEqual([]);
  });

  it('follows a link, and mends attributes alone', async () => {
    symlinkSync('f', bench.at('l'));
    const args = { dest: bench.at('l'), line: 'other', mode: '0600' };
    const { changes, left } = await bench.settle('lineinfile', args);
    expect([shown(changes), left]).toEqual([['mode 0640 -> 0600'], []]);
    expect((await bench.settle('lineinfile', { ...args, line: 'new' })).left).toEqual([]);
    expect([readlinkSync(bench.at('l')), text()]).toEqual(['f', 'Port 22\nother\nnew\n']);
  });

  it('needs the file unless it may create it; absent needs nothing', async () => {
    const args = { path: bench.at('no'), line: 'x' };
    await expect(bench.check('lineinfile', args)).rejects.toBeInstanceOf(NotYet);
    expect(await bench.check('lineinfile', { ...args, state: 'absent' })).toEqual([]);
    expect((await bench.settle('lineinfile', { ...args, create: 'yes', mode: '0600' })).left).toEqual([]);
    expect(readFileSync(bench.at('no'), 'utf8')).toBe('x\n');
  });

  it('refuses what is no text rather than break it', async () => {
    writeFileSync(bench.at('f'), Buffer.from([0xff, 0xfe, 10]));
    await expect(bench.check('lineinfile', { path: bench.at('f'), line: 'x' })).rejects.toThrow(/UTF-8/);
  });

  it.each([
    [{ line: 'x', regexp: 'a', search_string: 'b' }, 'only one of regexp'],
    [{ state: 'absent' }, 'needs regexp'],
    [{}, 'needs line'],
    [{ line: 'x', backrefs: true }, 'backrefs needs regexp'],
    [{ line: 'x', insertafter: 'a', insertbefore: 'b' }, 'only one of insertafter'],
  ])('refuses %j', (args, message) => {
    expect(lineinfile.params.safeParse({ path: '/x', ...args }).error?.message).toContain(message);
  });
});

describe('blockinfile', () => {
  it('makes, changes and removes its block', async () => {
    const args = { path: bench.at('f'), block: 'a\nb', marker: '; {mark} here' };
    expect((await bench.settle('blockinfile', args)).left).toEqual([]);
    expect(text()).toBe('Port 22\nother\n; BEGIN here\na\nb\n; END here\n');
    expect((await bench.settle('blockinfile', args)).changes).toEqual([]);
    expect((await bench.settle('blockinfile', { ...args, state: 'absent' })).left).toEqual([]);
    expect(text()).toBe('Port 22\nother\n');
  });
});

describe('replace', () => {
  it('replaces, settles, and takes a replacement that matches itself', async () => {
    const args = { path: bench.at('f'), regexp: '^Port (\\d+)$', replace: 'Listen \\1' };
    expect((await bench.settle('replace', args)).left).toEqual([]);
    expect(text()).toBe('Listen 22\nother\n');
    expect((await bench.settle('replace', args)).changes).toEqual([]);
    const growing = await bench.settle('replace', { path: bench.at('f'), regexp: 'o', replace: 'oo' });
    expect([growing.left, text()]).toEqual([[], 'Listen 22\noother\n']);
    await expect(bench.check('replace', { ...args, path: bench.at('no') })).rejects.toBeInstanceOf(NotYet);
  });
});
