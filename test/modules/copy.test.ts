import { execFileSync } from 'node:child_process';
import {
  chmodSync,
  existsSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { NotYet } from '../../src/errors.ts';
import { Bench, shown } from './harness.ts';

let bench: Bench;
beforeEach(async () => {
  bench = await Bench.open();
});
afterEach(() => bench.close());
const modeOf = (path: string) => (statSync(path).mode & 0o7777).toString(8);

describe('copy', () => {
  it('writes content with its mode, shows it in check mode, and is settled after', async () => {
    const args = { dest: bench.at('x'), content: 'hello\n', mode: '0600' };
    expect(await bench.check('copy', args)).toEqual([
      { what: 'content', path: bench.at('x'), from: null, to: 'hello\n' },
      { what: 'mode', from: null, to: '0600' },
    ]);
    expect(existsSync(bench.at('x'))).toBe(false);
    const { changes, left, result } = await bench.settle('copy', args);
    expect([changes.length, left]).toEqual([2, []]);
    expect(readFileSync(bench.at('x'), 'utf8')).toBe('hello\n');
    expect(modeOf(bench.at('x'))).toBe('600');
    expect(result).toMatchObject({ dest: bench.at('x'), mode: '0600', size: 6, state: 'file' });
    expect(result.checksum).toBe('f572d396fae9206628714fb2ce00f72e94f2258f');
    expect((await bench.settle('copy', args)).changes).toEqual([]);
  });

  it('mends the mode alone, without a write of the file', async () => {
    writeFileSync(bench.at('x'), 'same');
    chmodSync(bench.at('x'), 0o644);
    const before = lstatSync(bench.at('x')).ino;
    const { changes, left } = await bench.settle('copy', {
      dest: bench.at('x'),
      content: 'same',
      mode: 'u=rw,go=',
    });
    expect([shown(changes), left]).toEqual([['mode 0644 -> 0600'], []]);
    expect(lstatSync(bench.at('x')).ino).toBe(before);
  });

  it('keeps the mode of the file that it replaces, and a backup when asked', async () => {
    writeFileSync(bench.at('x'), 'old');
    chmodSync(bench.at('x'), 0o640);
    const { changes, result } = await bench.settle('copy', {
      dest: bench.at('x'),
      content: 'new',
      backup: 'yes',
    });
    expect(shown(changes)).toEqual(['content old -> new']);
    expect(modeOf(bench.at('x'))).toBe('640');
    expect(readFileSync(result.backup_file as string, 'utf8')).toBe('old');
  });

  it('writes a dict as JSON as Ansible does, and shows binary content by its size', async () => {
    await bench.settle('copy', { dest: bench.at('x'), content: { a: [1, 'é'], b: null } });
    expect(readFileSync(bench.at('x'), 'utf8')).toBe('{"a": [1, "\\u00e9"], "b": null}');
    writeFileSync(bench.at('binary'), Buffer.from([0, 255, 1]));
    const { changes } = await bench.settle('copy', { dest: bench.at('x'), src: 'binary' });
    expect(changes[0]!.to).toMatch(/^binary, 3 bytes, SHA-256 [0-9a-f]{12}$/);
    expect(readFileSync(bench.at('x'))).toEqual(Buffer.from([0, 255, 1]));
  });

  it('force: no leaves a file that is there', async () => {
    writeFileSync(bench.at('x'), 'old');
    expect(
      (await bench.settle('copy', { dest: bench.at('x'), content: 'new', force: 'no' })).changes,
    ).toEqual([]);
  });

  it('does not put a file in place that its check refuses', async () => {
    writeFileSync(bench.at('x'), 'good\n');
    const args = { dest: bench.at('x'), content: 'bad\n', validate: 'grep -q good %s' };
    await expect(bench.settle('copy', args)).rejects.toThrow(/exit code 1/);
    expect(readFileSync(bench.at('x'), 'utf8')).toBe('good\n');
    expect(readdirSync(bench.folder)).toEqual(['x']);
  });

  it('puts a file into a directory under its own name', async () => {
    writeFileSync(bench.at('source.conf'), 'x');
    mkdirSync(bench.at('etc'));
    expect((await bench.settle('copy', { dest: bench.at('etc'), src: 'source.conf' })).result.dest).toBe(
      bench.at('etc/source.conf'),
    );
    await bench.settle('copy', { dest: `${bench.at('made')}/`, src: 'source.conf', directory_mode: '0700' });
    expect(readFileSync(bench.at('made/source.conf'), 'utf8')).toBe('x');
    expect(modeOf(bench.at('made'))).toBe('700');
  });

  it('says NotYet when the directory or the owner is not there', async () => {
    await expect(bench.check('copy', { dest: bench.at('no/x'), content: '' })).rejects.toBeInstanceOf(NotYet);
    await expect(
      bench.check('copy', { dest: bench.at('x'), content: '', owner: 'no-such-user' }),
    ).rejects.toThrow(/user no-such-user does not exist/);
  });

  it('replaces a link, or with follow writes what it points to', async () => {
    writeFileSync(bench.at('real'), 'old');
    symlinkSync('real', bench.at('link'));
    await bench.settle('copy', { dest: bench.at('link'), content: 'followed', follow: true });
    expect([readlinkSync(bench.at('link')), readFileSync(bench.at('real'), 'utf8')]).toEqual([
      'real',
      'followed',
    ]);
    const { changes, left } = await bench.settle('copy', { dest: bench.at('link'), content: 'followed' });
    expect([shown(changes)[0], left]).toEqual(['type link -> file', []]);
    expect(lstatSync(bench.at('link')).isFile()).toBe(true);
    expect(readFileSync(bench.at('real'), 'utf8')).toBe('followed');
  });

  it.each([false, true])('copies directories, with and without the slash (remote_src %s)', async (remote) => {
    mkdirSync(bench.at('tree/below/empty'), { recursive: true });
    writeFileSync(bench.at('tree/a'), '1');
    writeFileSync(bench.at('tree/below/b'), '2');
    const src = remote ? bench.at('tree') : 'tree';
    const whole = { src, dest: bench.at('one'), mode: '0640', directory_mode: '0750', remote_src: remote };
    expect((await bench.settle('copy', whole)).left).toEqual([]);
    expect(readFileSync(bench.at('one/tree/below/b'), 'utf8')).toBe('2');
    expect([modeOf(bench.at('one/tree/below/empty')), modeOf(bench.at('one/tree/a'))]).toEqual([
      '750',
      '640',
    ]);
    await bench.settle('copy', { ...whole, src: `${src}/`, dest: bench.at('two') });
    expect(readFileSync(bench.at('two/below/b'), 'utf8')).toBe('2');
    writeFileSync(bench.at('two/a'), 'other');
    const again = await bench.settle('copy', { ...whole, src: `${src}/`, dest: bench.at('two') });
    expect(shown(again.changes)).toEqual(['content other -> 1']);
    expect((await bench.settle('copy', whole)).changes).toEqual([]);
  });

  it('keeps links that lead nowhere, or to a directory that they are in', async () => {
    mkdirSync(bench.at('tree/below'), { recursive: true });
    symlinkSync('nowhere', bench.at('tree/gone'));
    symlinkSync('..', bench.at('tree/below/up'));
    const args = { src: 'tree/', dest: bench.at('out') };
    const { left, result } = await bench.settle('copy', args);
    expect([left, result.src, result.dest]).toEqual([[], bench.at('tree/'), bench.at('out/')]);
    expect(readlinkSync(bench.at('out/gone'))).toBe('nowhere');
    expect(readlinkSync(bench.at('out/below/up'))).toBe('..');
    expect((await bench.settle('copy', args)).changes).toEqual([]);
  });

  it('copies a file of the host, with its mode when told to preserve it', async () => {
    writeFileSync(bench.at('a'), Buffer.from([1, 0, 2]));
    chmodSync(bench.at('a'), 0o711);
    const args = { src: bench.at('a'), dest: bench.at('b'), remote_src: true, mode: 'preserve' };
    const { left, result } = await bench.settle('copy', args);
    expect([left, result.checksum, result.md5sum]).toEqual([
      [],
      execFileSync('sha1sum', [bench.at('a')], { encoding: 'utf8' }).slice(0, 40),
      execFileSync('md5sum', [bench.at('a')], { encoding: 'utf8' }).slice(0, 32),
    ]);
    expect([readFileSync(bench.at('b')), modeOf(bench.at('b'))]).toEqual([Buffer.from([1, 0, 2]), '711']);
    expect((await bench.settle('copy', args)).changes).toEqual([]);
  });
});

describe('template', () => {
  it('renders, writes and settles', async () => {
    writeFileSync(bench.at('x.j2'), 'port {{ port }}\n');
    bench.render = (text) => text.replace('{{ port }}', '80');
    const args = { src: 'x.j2', dest: bench.at('x'), mode: '0644' };
    expect(shown((await bench.settle('template', args)).changes)[0]).toBe('content null -> port 80\n');
    expect(readFileSync(bench.at('x'), 'utf8')).toBe('port 80\n');
    writeFileSync(bench.at('x'), 'port 81\n');
    expect(shown(await bench.check('template', args))).toEqual(['content port 81\n -> port 80\n']);
    expect((await bench.settle('template', args)).left).toEqual([]);
    expect((await bench.settle('template', args)).changes).toEqual([]);
  });
});
