import { execFileSync } from 'node:child_process';
import { createHash, randomBytes } from 'node:crypto';
import { chmodSync, linkSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { contents } from '../../../src/host/queries/contents.ts';
import { nameExists } from '../../../src/host/queries/names.ts';
import { sha256 } from '../../../src/host/queries/sha256.ts';
import { stat } from '../../../src/host/queries/stat.ts';
import { answers } from './local.ts';

let directory: string;
const at = (name: string) => join(directory, name);
const awkward = "it's a\n$(touch nothing) -> \\ ü*";
const bytes = Buffer.concat([randomBytes(5000), Buffer.from([0, 0, 10, 0])]);

beforeAll(() => {
  directory = mkdtempSync(join(tmpdir(), 'queries-'));
  writeFileSync(at('plain'), 'hello\n');
  chmodSync(at('plain'), 0o4750);
  writeFileSync(at(awkward), bytes);
  writeFileSync(at('empty'), '');
  mkdirSync(at('folder'));
  symlinkSync('a -> b', at('dangling'));
  symlinkSync('plain', at('link'));
  linkSync(at('plain'), at('hard'));
  execFileSync('mkfifo', [at('fifo')]);
});
afterAll(() => rmSync(directory, { recursive: true }));

describe('stat', () => {
  it('answers for every path in order, whatever its name', () => {
    const [plain, folder, odd, nothing, below] = answers(stat, [
      { path: at('plain') },
      { path: at('folder') },
      { path: at(awkward) },
      { path: at('nothing') },
      { path: at('plain/below') },
    ]);
    expect(plain).toMatchObject({ type: 'file', mode: 0o4750, size: 6, links: 2 });
    expect(plain!.modified).toBeCloseTo(Date.now() / 1000, -2);
    expect(folder).toMatchObject({ type: 'directory', path: at('folder') });
    expect(odd).toMatchObject({ type: 'file', size: bytes.length });
    expect([nothing, below]).toEqual([undefined, undefined]);
  });

  it('tells a link from what it points to', () => {
    const [link, followed, dangling, lost, fifo] = answers(stat, [
      { path: at('link') },
      { path: at('link'), follow: true },
      { path: at('dangling') },
      { path: at('dangling'), follow: true },
      { path: at('fifo') },
    ]);
    expect(link).toMatchObject({ type: 'link', target: 'plain' });
    expect(followed).toMatchObject({ type: 'file', size: 6 });
    expect(followed).not.toHaveProperty('target');
    expect(dangling).toMatchObject({ type: 'link', target: 'a -> b' });
    expect(lost).toBeUndefined();
    expect(fifo).toMatchObject({ type: 'fifo' });
  });

  it('does not take an error for absence', () => {
    symlinkSync('loop', at('loop'));
    expect(() => answers(stat, [{ path: at('loop'), follow: true }])).toThrow(/Too many levels/);
  });
});

describe('sha256', () => {
  it('hashes regular files only and never waits for a fifo', () => {
    const sum = (data: string | Buffer) => createHash('sha256').update(data).digest('hex');
    const paths = ['plain', 'folder', 'fifo', 'nothing', awkward, 'link', 'dangling', 'empty'].map(at);
    expect(answers(sha256, paths)).toEqual([
      sum('hello\n'),
      undefined,
      undefined,
      undefined,
      sum(bytes),
      sum('hello\n'),
      undefined,
      sum(''),
    ]);
    expect(answers(sha256, [at('nothing')])).toEqual([undefined]);
  });
});

describe('contents', () => {
  it('brings every byte of several files', () => {
    const paths = ['nothing', awkward, 'empty', 'folder', 'link', 'plain'].map(at);
    const [nothing, odd, empty, folder, link, plain] = answers(contents, paths);
    expect([nothing, folder]).toEqual([undefined, undefined]);
    expect(odd!.equals(bytes)).toBe(true);
    expect(empty!.length).toBe(0);
    expect([link!.toString(), plain!.toString()]).toEqual(['hello\n', 'hello\n']);
    expect(answers(contents, [at('nothing')])).toEqual([undefined]);
  });

  it('refuses an answer that is longer or shorter than the files were', () => {
    expect(() => contents.parse(Buffer.from('3 /a\0\0abcd'), ['/a'])).toThrow(/changed while being read/);
    expect(() => contents.parse(Buffer.from('3 /a\0\0ab'), ['/a'])).toThrow(/changed while being read/);
  });
});

describe('nameExists', () => {
  it('knows users and groups apart, by name and by number', () => {
    expect(
      answers(nameExists, [
        { database: 'passwd', name: 'root' },
        { database: 'passwd', name: 'no-such-user' },
        { database: 'group', name: 'root' },
        { database: 'group', name: 'no-such-group' },
        { database: 'passwd', name: '0' },
      ]),
    ).toEqual([true, false, true, false, true]);
    expect(answers(nameExists, [{ database: 'group', name: 'none' }])).toEqual([false]);
  });
});
