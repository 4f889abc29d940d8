import { readFileSync, writeFileSync } from 'node:fs';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { quote } from '../../src/host/sh.ts';
import { splitWords } from '../../src/modules/shared/words.ts';
import { Bench } from './harness.ts';

/** A variable as the shell takes it. */
const braced = (name: string) => `$\{${name}}`;

let bench: Bench;
beforeAll(async () => {
  bench = await Bench.open();
});
afterAll(() => bench.close());

describe('splitWords', () => {
  it.each([
    ['echo hi', ['echo', 'hi']],
    [`a 'b c' "d e"f`, ['a', 'b c', 'd ef']],
    [`a\\ b "x\\"y\\n" ''`, ['a b', 'x"y\\n', '']],
    ['  ', []],
  ])('%s', (line, words) => {
    expect(splitWords(line)).toEqual(words);
  });

  it('gives back what was quoted', () => {
    const words = fc.array(fc.string().filter((word) => !word.includes('\0')));
    fc.assert(
      fc.property(words, (list) => {
        expect(splitWords(list.map(quote).join(' '))).toEqual(list);
      }),
    );
  });

  it.each(["a 'b", 'a "b', 'a \\'])('refuses %s', (line) => {
    expect(() => splitWords(line)).toThrow();
  });
});

describe('command', () => {
  it('runs a program without a shell and returns what Ansible returns', async () => {
    const { changed, failed, values } = await bench.act('command', { cmd: `printf '%s|' "a b" ; '$HOME' *` });
    expect([changed, failed]).toEqual([true, undefined]);
    expect(values).toMatchObject({ rc: 0, stdout: `a b|;|${process.env.HOME}|*|`, stderr: '' });
    expect(values!.delta).toMatch(/^0:00:0\d\.\d{6}$/);
  });

  it('leaves variables that are not set, and all of them when told so', async () => {
    const said = async (args: object) => (await bench.act('command', { ...args })).values!.stdout;
    expect(await said({ argv: ['echo', '$NO_SUCH_VAR', `${braced('HOME')}'s`] })).toBe(
      `$NO_SUCH_VAR ${process.env.HOME}'s`,
    );
    expect(await said({ argv: ['echo', braced('NO_SUCH_VAR')] })).toBe(braced('NO_SUCH_VAR'));
    expect(await said({ cmd: 'echo $HOME', expand_argument_vars: false })).toBe('$HOME');
  });

  it('fails with the exit code, keeping output', async () => {
    const { failed, values } = await bench.act('command', {
      argv: ['sh', '-c', 'echo out; echo oops >&2; exit 3'],
    });
    expect(failed).toBe('exit code 3\noops');
    expect(values).toMatchObject({ rc: 3, stdout_lines: ['out'], stderr_lines: ['oops'] });
    expect((await bench.act('command', { cmd: 'no-such-program "at all"' })).values).toMatchObject({
      ...{ rc: 2, cmd: "no-such-program 'at all'" },
      ...{ stdout_lines: [], stderr_lines: [] },
    });
  });

  it('takes stdin and chdir', async () => {
    const { values } = await bench.act('command', {
      cmd: 'sh -c "pwd; cat"',
      stdin: 'in',
      chdir: bench.folder,
    });
    expect(values!.stdout_lines).toEqual([bench.folder, 'in']);
  });

  it('is not run when creates is there or removes is not, patterns too', async () => {
    writeFileSync(bench.at("it's here"), '');
    const touch = (extra: object) =>
      bench.act('command', { cmd: 'touch made', chdir: bench.folder, ...extra });
    expect((await touch({ creates: bench.at("it's here") })).skipped).toContain('exists');
    expect((await touch({ creates: "it's*" })).skipped).toContain('exists');
    expect((await touch({ removes: 'missing' })).skipped).toContain('does not exist');
    expect((await touch({ removes: 'miss*' })).skipped).toContain('does not exist');
    expect(() => readFileSync(bench.at('made'))).toThrow();
    expect((await touch({ creates: 'made' })).changed).toBe(true);
    expect(await touch({ creates: 'made' })).toMatchObject({
      changed: false,
      values: {
        ...{
          cmd: ['touch', 'made'],
          rc: 0,
          stderr: '',
          stderr_lines: [],
          start: null,
          end: null,
          delta: null,
        },
        stdout: 'skipped, since made exists',
        stdout_lines: ['skipped, since made exists'],
        msg: "Did not run command since 'made' exists",
      },
    });
    expect((await touch({ creates: 'no', removes: 'no' })).values!.msg).toBe(
      "Did not run command since 'no' does not exist",
    );
  });
});

describe('shell', () => {
  it('runs shell text, with an executable of its own too', async () => {
    expect((await bench.act('shell', { cmd: 'x=1; echo $((x + 1)) | cat' })).values!.stdout).toBe('2');
    const bash = await bench.act('shell', {
      cmd: `echo ${braced('BASH##*/')}; cat`,
      executable: '/bin/bash',
      stdin: 'y',
    });
    expect(bash.values!.stdout_lines).toEqual(['bash', 'y']);
    expect((await bench.act('shell', { cmd: 'cat <<E\na $x\nE\nexit 4' })).values).toMatchObject({
      rc: 4,
      stdout: 'a ',
    });
  });

  it('survives text that is no shell, and keeps it out of process arguments', async () => {
    expect((await bench.act('shell', { cmd: 'echo "unclosed' })).values).toMatchObject({ rc: 2 });
    expect((await bench.act('shell', { cmd: 'echo alive' })).values!.stdout).toBe('alive');
    const { values } = await bench.act('shell', { cmd: 'x=s3cret-word; tr "\\0" " " </proc/$$/cmdline' });
    expect(values!.stdout).not.toContain('s3cret-word');
  });
});

describe('debug, assert, fail, set_fact', () => {
  it('debug shows a message, a value, and what is not defined', async () => {
    bench.said.length = 0;
    expect((await bench.act('debug', { msg: 'hi' })).values).toEqual({ msg: 'hi' });
    const seen = await bench.act('debug', { var: { expression: 'x.y', value: [1] } });
    expect(seen.values).toEqual({ 'x.y': [1] });
    await bench.act('debug', { var: { expression: 'z', value: undefined } });
    await bench.act('debug', {});
    expect(bench.said).toEqual(['hi', 'x.y: [', '  1', ']', 'z: VARIABLE IS NOT DEFINED!', 'Hello world!']);
    expect((await bench.act('debug', { msg: 'more', verbosity: 2 })).skipped).toBe('shown with -vv');
    await expect(bench.act('debug', { msg: 1, var: 'x' })).rejects.toThrow(/only one of/);
  });

  it('assert names the condition that does not hold', async () => {
    const yes = { expression: 'a is defined', value: true };
    const no = { expression: 'b > 1', value: false };
    expect((await bench.act('assert', { that: [yes, no], msg: ['b is', 'small'] })).failed).toBe(
      'b is\nsmall: b > 1',
    );
    expect((await bench.act('assert', { that: yes })).failed).toBeUndefined();
    expect((await bench.act('assert', { that: [true, 'no'] })).values).toMatchObject({ assertion: 'no' });
  });

  it('fail fails, set_fact sets', async () => {
    expect((await bench.act('fail', { msg: 'sorry' })).failed).toBe('sorry');
    expect((await bench.act('set_fact', { a: [1], b_2: 'x', cacheable: true })).facts).toEqual({
      a: [1],
      b_2: 'x',
    });
    await expect(bench.act('set_fact', { 'no-name': 1 })).rejects.toThrow(/no-name/);
  });
});
