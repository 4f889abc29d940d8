import {
  chmodSync,
  existsSync,
  linkSync,
  lstatSync,
  mkdirSync,
  readlinkSync,
  statSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { NotYet } from '../../src/errors.ts';
import file from '../../src/modules/file.ts';
import { Bench, shown } from './harness.ts';

let bench: Bench;
beforeEach(async () => {
  bench = await Bench.open();
});
afterEach(() => bench.close());
const modeOf = (path: string) => (statSync(path).mode & 0o7777).toString(8);

describe('file: directory', () => {
  it('makes parents with the same mode and settles', async () => {
    const args = { path: bench.at('a/b/c'), state: 'directory', mode: '0750' };
    expect(shown(await bench.check('file', args))).toEqual([
      'state absent -> directory',
      'mode null -> 0750',
    ]);
    expect((await bench.settle('file', args)).left).toEqual([]);
    expect([modeOf(bench.at('a')), modeOf(bench.at('a/b/c'))]).toEqual(['750', '750']);
    expect((await bench.settle('file', args)).changes).toEqual([]);
  });

  it('takes set-ID bits away, which chmod with four digits would keep', async () => {
    mkdirSync(bench.at('a'));
    chmodSync(bench.at('a'), 0o2775);
    const { left } = await bench.settle('file', { path: bench.at('a'), state: 'directory', mode: '0755' });
    expect([left, modeOf(bench.at('a'))]).toEqual([[], '755']);
  });

  it('recurse names every file that differs; X spares plain files', async () => {
    mkdirSync(bench.at('a/b'), { recursive: true });
    writeFileSync(bench.at('a/b/f'), '');
    for (const name of ['a', 'a/b', 'a/b/f']) chmodSync(bench.at(name), 0o600);
    symlinkSync('/nowhere', bench.at('a/l'));
    chmodSync(bench.at('a'), 0o755);
    const args = { path: bench.at('a'), recurse: 'yes', mode: 'u=rwX,go=rX' };
    const { changes, left } = await bench.settle('file', args);
    expect(shown(changes)).toEqual([
      `mode of ${bench.at('a/b')} 0600 -> 0755`,
      `mode of ${bench.at('a/b/f')} 0600 -> 0644`,
    ]);
    expect(left).toEqual([]);
  });

  it('refuses a file in its place, and takes a link to a directory', async () => {
    writeFileSync(bench.at('f'), '');
    await expect(bench.check('file', { path: bench.at('f'), state: 'directory' })).rejects.toThrow(
      /is a file/,
    );
    await expect(bench.check('file', { path: bench.at('f/x'), state: 'directory' })).rejects.toThrow(
      /is not a directory/,
    );
    mkdirSync(bench.at('real'));
    symlinkSync('real', bench.at('link'));
    expect(await bench.check('file', { path: bench.at('link'), state: 'directory' })).toEqual([]);
  });
});

describe('file: absent', () => {
  it('removes directories, files and links, not what links point to', async () => {
    mkdirSync(bench.at('a/b'), { recursive: true });
    symlinkSync('a', bench.at('l'));
    const link = await bench.settle('file', { path: bench.at('l'), state: 'absent' });
    expect([shown(link.changes), existsSync(bench.at('a/b'))]).toEqual([['state link -> absent'], true]);
    const tree = await bench.settle('file', { path: bench.at('a'), state: 'absent' });
    expect([tree.left, existsSync(bench.at('a')), tree.result.state]).toEqual([[], false, 'absent']);
    expect((await bench.settle('file', { path: bench.at('a'), state: 'absent' })).changes).toEqual([]);
  });

  it('never takes the root directory', () => {
    for (const path of ['/', '//', '/.', '/..'])
      expect(file.params.safeParse({ path, state: 'absent' }).success).toBe(false);
  });
});

describe('file: link and hard', () => {
  it('makes and turns a symbolic link, in one step', async () => {
    writeFileSync(bench.at('one'), '');
    const args = { dest: bench.at('l'), src: 'one', state: 'link' };
    expect((await bench.settle('file', args)).left).toEqual([]);
    expect(readlinkSync(bench.at('l'))).toBe('one');
    mkdirSync(bench.at('two'));
    const turned = await bench.settle('file', { ...args, src: bench.at('two') });
    expect([shown(turned.changes), turned.left]).toEqual([[`src one -> ${bench.at('two')}`], []]);
    const back = await bench.settle('file', args);
    expect([back.left, readlinkSync(bench.at('l'))]).toEqual([[], 'one']);
  });

  it('needs its source, unless forced, and replaces a file only when forced', async () => {
    const args = { path: bench.at('l'), src: '/no/such', state: 'link' };
    await expect(bench.check('file', args)).rejects.toBeInstanceOf(NotYet);
    writeFileSync(bench.at('l'), '');
    await expect(bench.check('file', { ...args, src: bench.folder })).rejects.toThrow(/is a file/);
    expect((await bench.settle('file', { ...args, force: true })).left).toEqual([]);
    expect(readlinkSync(bench.at('l'))).toBe('/no/such');
  });

  it('makes a hard link', async () => {
    writeFileSync(bench.at('one'), '');
    const args = { path: bench.at('two'), src: bench.at('one'), state: 'hard' };
    const { left, result } = await bench.settle('file', args);
    expect([left, result.src]).toEqual([[], bench.at('one')]);
    expect(lstatSync(bench.at('two')).ino).toBe(lstatSync(bench.at('one')).ino);
    linkSync(bench.at('one'), bench.at('three'));
    expect(await bench.check('file', { ...args, path: bench.at('three') })).toEqual([]);
  });
});

describe('file: file and touch', () => {
  it('file changes attributes of what exists and nothing else', async () => {
    await expect(bench.check('file', { path: bench.at('f'), mode: '0600' })).rejects.toBeInstanceOf(NotYet);
    writeFileSync(bench.at('f'), 'x');
    chmodSync(bench.at('f'), 0o644);
    symlinkSync('f', bench.at('l'));
    const { changes, left, result } = await bench.settle('file', { path: bench.at('l'), mode: '0600' });
    expect([shown(changes), left, modeOf(bench.at('f'))]).toEqual([['mode 0644 -> 0600'], [], '600']);
    expect(result).toMatchObject({ mode: '0777', state: 'link' });
    mkdirSync(bench.at('d'));
    expect((await bench.settle('file', { path: bench.at('d'), mode: '0711' })).left).toEqual([]);
  });

  it('touch makes a file, then sets the time unless it is to be preserved', async () => {
    const args = { path: bench.at('f'), state: 'touch', mode: '0640' };
    expect((await bench.settle('file', args)).left).toEqual([]);
    expect(modeOf(bench.at('f'))).toBe('640');
    utimesSync(bench.at('f'), 1, 1);
    const kept = { ...args, modification_time: 'preserve', access_time: 'preserve' };
    expect((await bench.settle('file', kept)).changes).toEqual([]);
    const { changes, left } = await bench.settle('file', args);
    expect([changes.map((change) => change.what), left]).toEqual([['times'], []]);
    expect(statSync(bench.at('f')).mtimeMs).toBeGreaterThan(1e12);
  });
});
