import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { readReferences, resolveVersion } from '../../src/modules/shared/git-refs.ts';
import { Bench, shown } from './harness.ts';

let bench: Bench;
const git = (...args: string[]) =>
  execFileSync('git', ['-c', 'user.name=t', '-c', 'user.email=t@example.org', ...args], {
    cwd: bench.at('origin'),
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'ignore'],
  }).trim();
const commit = (text: string) => {
  writeFileSync(bench.at('origin/file'), text);
  git('add', 'file');
  git('commit', '-qm', text);
  return git('rev-parse', 'HEAD');
};
const file = () => readFileSync(bench.at('out/file'), 'utf8');

beforeEach(async () => {
  bench = await Bench.open();
  mkdirSync(bench.at('origin'));
  git('init', '-q', '-b', 'main');
});
afterEach(() => bench.close());

describe('git', () => {
  it('clones, settles, and follows a branch', async () => {
    const first = commit('one');
    const args = { repo: bench.at('origin'), dest: bench.at('out') };
    expect(await bench.check('git', args)).toEqual([{ what: 'version', from: undefined, to: first }]);
    expect(existsSync(bench.at('out'))).toBe(false);
    const made = await bench.settle('git', args);
    expect([made.left, made.result.after, file()]).toEqual([[], first, 'one']);
    expect((await bench.settle('git', args)).changes).toEqual([]);
    const second = commit('two');
    expect((await bench.settle('git', { ...args, update: false })).changes).toEqual([]);
    const moved = await bench.settle('git', { ...args, version: 'main' });
    expect([shown(moved.changes), moved.left, file()]).toEqual([
      [`version ${first} -> ${second}`],
      [],
      'two',
    ]);
  });

  it('goes to a tag, an older commit, and back, with little history too', async () => {
    const first = commit('one');
    git('tag', '-a', 'v1', '-m', 'v1');
    commit('two');
    const args = { repo: `file://${bench.at('origin')}`, dest: bench.at('out'), depth: 1 };
    expect((await bench.settle('git', { ...args, version: 'v1' })).left).toEqual([]);
    expect(file()).toBe('one');
    expect((await bench.settle('git', args)).left).toEqual([]);
    expect(file()).toBe('two');
    expect((await bench.settle('git', { ...args, version: first })).left).toEqual([]);
    expect(file()).toBe('one');
  });

  it('refuses local changes unless forced, and another place for the repository', async () => {
    commit('one');
    const args = { repo: bench.at('origin'), dest: bench.at('out') };
    await bench.settle('git', args);
    writeFileSync(bench.at('out/file'), 'mine');
    await expect(bench.check('git', args)).rejects.toThrow(/local changes: {2}?M file/);
    expect((await bench.settle('git', { ...args, force: true })).left).toEqual([]);
    expect(file()).toBe('one');
    execFileSync('git', ['clone', '-q', bench.at('origin'), bench.at('copy')], { stdio: 'ignore' });
    const turned = await bench.settle('git', { ...args, repo: bench.at('copy') });
    expect([shown(turned.changes), turned.left]).toEqual([
      [`repo file://${bench.at('origin')} -> file://${bench.at('copy')}`],
      [],
    ]);
  });

  it('keeps a bare repository, which follows all branches', async () => {
    const first = commit('one');
    const args = { repo: bench.at('origin'), dest: bench.at('out'), bare: true };
    const made = await bench.settle('git', args);
    expect([made.left, made.result.before, made.result.after]).toEqual([[], null, first]);
    const second = commit('two');
    git('branch', 'side');
    const moved = await bench.settle('git', args);
    expect([moved.left, moved.result]).toMatchObject([
      [],
      { before: first, after: second, remote_url_changed: false },
    ]);
    expect((await bench.settle('git', args)).changes).toEqual([]);
    const inside = (...words: string[]) =>
      execFileSync('git', ['-C', bench.at('out'), ...words], { encoding: 'utf8' }).trim();
    expect(inside('rev-parse', '--is-bare-repository', 'side')).toBe(`true\n${second}`);
  });

  it('keeps the repository apart from the working tree, and moves it there', async () => {
    commit('one');
    const args = { repo: bench.at('origin'), dest: bench.at('out') };
    const apart = (name: string) => ({ ...args, separate_git_dir: bench.at(name) });
    expect((await bench.settle('git', apart('first'))).left).toEqual([]);
    expect(readFileSync(bench.at('out/.git'), 'utf8').trim()).toBe(`gitdir: ${bench.at('first')}`);
    const moved = await bench.settle('git', apart('second'));
    expect([moved.left, moved.result]).toMatchObject([
      [],
      { git_dir_before: bench.at('first'), git_dir_now: bench.at('second') },
    ]);
    expect([existsSync(bench.at('first')), existsSync(bench.at('second/HEAD')), file()]).toEqual([
      false,
      true,
      'one',
    ]);
    mkdirSync(bench.at('third'));
    await expect(bench.check('git', apart('third'))).rejects.toThrow(/third already exists/);
  });

  it('shares the objects of another repository, and keeps an archive of the tree', async () => {
    const first = commit('one');
    const args = {
      repo: bench.at('origin'),
      dest: bench.at('out'),
      reference: bench.at('origin'),
      archive: bench.at('tree.tar'),
      archive_prefix: 'site/',
    };
    expect((await bench.settle('git', args)).left).toEqual([]);
    expect(readFileSync(bench.at('out/.git/objects/info/alternates'), 'utf8').trim()).toBe(
      bench.at('origin/.git/objects'),
    );
    const listed = () =>
      execFileSync('tar', ['-xOf', bench.at('tree.tar'), 'site/file'], { encoding: 'utf8' });
    expect(listed()).toBe('one');
    expect((await bench.settle('git', args)).changes).toEqual([]);
    writeFileSync(bench.at('tree.tar'), 'damaged');
    expect(shown((await bench.settle('git', args)).changes)).toEqual([
      `archive other or absent -> ${bench.at('tree.tar')}`,
    ]);
    const second = commit('two');
    const moved = await bench.settle('git', args);
    expect([moved.left, moved.result.before, moved.result.after]).toEqual([[], first, second]);
    expect(listed()).toBe('two');
  });

  it('never takes a directory that holds something else, nor a version that is not there', async () => {
    commit('one');
    mkdirSync(bench.at('out'));
    const args = { repo: bench.at('origin'), dest: bench.at('out') };
    expect((await bench.check('git', args)).length).toBe(1);
    await expect(bench.check('git', { ...args, version: 'v9' })).rejects.toThrow(/no branch or tag v9/);
    await expect(bench.check('git', { ...args, repo: bench.at('no') })).rejects.toThrow(/no/);
    writeFileSync(bench.at('out/precious'), '');
    await expect(bench.check('git', args)).rejects.toThrow(/not empty/);
  });
});

describe('resolveVersion', () => {
  const references = readReferences(
    'ref: refs/heads/main\tHEAD\naaa\tHEAD\naaa\trefs/heads/main\nbbb\trefs/tags/v1\nccc\trefs/tags/v1^{}\nddd\trefs/tags/v2\n',
  );
  it.each([
    ['HEAD', { commit: 'aaa', branch: 'main' }],
    ['main', { commit: 'aaa', branch: 'main' }],
    ['v1', { commit: 'ccc', tag: 'v1' }],
    ['v2', { commit: 'ddd', tag: 'v2' }],
    ['v3', undefined],
  ])('%s', (version, reference) => {
    expect(resolveVersion(references, version)).toEqual(reference);
  });
});
