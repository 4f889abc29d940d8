import { mkdirSync, symlinkSync, utimesSync, writeFileSync } from 'node:fs';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import find from '../../src/modules/find.ts';
import { globRegex } from '../../src/modules/shared/find.ts';
import { Bench } from './harness.ts';

let bench: Bench;
beforeEach(async () => {
  bench = await Bench.open();
  mkdirSync(bench.at('a/b/c'), { recursive: true });
  mkdirSync(bench.at('.h'));
  for (const [name, content] of [
    ['a/x.conf', 'hello\n'],
    ['a/b/y.conf', 'Say hello\n'],
    ['a/b/c/z.log', 'z'.repeat(2000)],
    ['.h/in', ''],
    ['.dot', ''],
  ] as const)
    writeFileSync(bench.at(name), content, { mode: 0o640 });
  symlinkSync('a', bench.at('l'));
  utimesSync(bench.at('a/b/y.conf'), 1, 1);
});
afterEach(() => bench.close());

async function paths(args: Record<string, unknown>): Promise<string[]> {
  const { values } = await bench.act('find', { paths: bench.folder, recurse: true, ...args });
  const files = values?.files as { path: string }[];
  return files.map(({ path }) => path.slice(bench.folder.length + 1)).sort();
}

describe('find', () => {
  it.each<[Record<string, unknown>, string[]]>([
    [{}, ['.h/in', 'a/b/c/z.log', 'a/b/y.conf', 'a/x.conf']],
    [{ hidden: true, patterns: '.*' }, ['.dot']],
    [{ patterns: '*.conf,*.log', excludes: 'x*' }, ['a/b/c/z.log', 'a/b/y.conf']],
    [{ patterns: '[xz].*' }, ['a/b/c/z.log', 'a/x.conf']],
    [{ use_regex: true, patterns: '.\\.(?:conf|log)$', excludes: 'y' }, ['a/b/c/z.log', 'a/x.conf']],
    [{ use_regex: true, patterns: 'conf' }, []],
    [{ contains: 'hello' }, ['a/x.conf']],
    [{ contains: '.*hello' }, ['a/b/y.conf', 'a/x.conf']],
    [{ contains: '^hello$', read_whole_file: true }, ['a/x.conf']],
    [{ contains: '(?i)say\\s', read_whole_file: true }, ['a/b/y.conf']],
    [{ age: '1w' }, ['a/b/y.conf']],
    [{ size: '1k' }, ['a/b/c/z.log']],
    [{ size: '-6' }, ['.h/in', 'a/x.conf']],
    [{ mode: '0640', patterns: 'x*' }, ['a/x.conf']],
    [{ mode: '0700', exact_mode: false, patterns: 'x*' }, ['a/x.conf']],
    [{ mode: 'o=r', exact_mode: false, patterns: 'x*' }, []],
    [{ file_type: 'directory' }, ['a', 'a/b', 'a/b/c']],
    [{ file_type: 'directory', depth: 2 }, ['a', 'a/b']],
    [{ file_type: 'link' }, ['l']],
    [{ follow: true, patterns: 'x.conf' }, ['a/x.conf', 'l/x.conf']],
    [{ recurse: false, file_type: 'any' }, ['a', 'l']],
    [{ limit: 1, patterns: 'x.conf' }, ['a/x.conf']],
  ])('%j', async (args, wanted) => {
    expect(await paths(args)).toEqual(wanted);
  });

  it('returns what Ansible returns of a file, and counts what it looked at', async () => {
    const { values } = await bench.act('find', {
      path: bench.at('a'),
      pattern: 'x.conf',
      get_checksum: true,
    });
    expect(values).toMatchObject({ matched: 1, examined: 2, msg: 'All paths examined', skipped_paths: {} });
    expect((values!.files as unknown[])[0]).toMatchObject({
      path: bench.at('a/x.conf'),
      mode: '0640',
      size: 6,
      isreg: true,
      nlink: 1,
      checksum: 'f572d396fae9206628714fb2ce00f72e94f2258f',
    });
  });

  it('says which path is no directory', async () => {
    const { values } = await bench.act('find', { paths: [bench.at('no'), bench.at('a')] });
    expect(values).toMatchObject({
      matched: 1,
      skipped_paths: { [bench.at('no')]: `'${bench.at('no')}' is not a directory` },
    });
  });

  it('refuses what is no age, size or limit', () => {
    for (const bad of [{ age: '2x' }, { size: 'big' }, { limit: 0 }, { mode: 644 }])
      expect(find.params.safeParse({ paths: '/tmp', ...bad }).success).toBe(false);
  });
});

describe('globRegex', () => {
  it.each([
    ['*.conf', 'a.conf', true],
    ['*.conf', 'aXconf', false],
    ['?b', 'ab', true],
    ['[!a]b', 'ab', false],
    ['[!a]b', 'cb', true],
    ['[]]', ']', true],
    ['[ab', '[ab', true],
    ['[a-c]', 'b', true],
    ['a\nb*', 'a\nbc', true],
  ])('%j %j', (pattern, name, wanted) => {
    expect(globRegex(pattern).test(name)).toBe(wanted);
  });
});
