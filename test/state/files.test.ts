import { spawnSync } from 'node:child_process';
import {
  chmodSync,
  existsSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { build } from 'esbuild';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { forget, keep, readKept } from '../../src/state/files.ts';

let folder: string;
let script: string;

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'foobar-keep-'));
  script = join(folder, 'keep.mjs');
  await build({
    stdin: {
      contents: `import { keep } from './src/state/files.ts';
        await keep(process.argv[2], 'n'.repeat(Number(process.argv[3])));`,
      resolveDir: process.cwd(),
    },
    bundle: true,
    platform: 'node',
    format: 'esm',
    outfile: script,
  });
});

afterAll(() => rmSync(folder, { recursive: true, force: true }));

describe('keep', () => {
  it('makes missing folders 0700 and the file 0600, whatever the umask', async () => {
    const before = process.umask(0);
    try {
      await keep(join(folder, 'a/b/key.pem'), 'one');
    } finally {
      process.umask(before);
    }
    expect(statSync(join(folder, 'a')).mode & 0o777).toBe(0o700);
    expect(statSync(join(folder, 'a/b')).mode & 0o777).toBe(0o700);
    expect(statSync(join(folder, 'a/b/key.pem')).mode & 0o777).toBe(0o600);
  });

  it('replaces the content and mode, and leaves nothing beside', async () => {
    const path = join(folder, 'replace/file');
    await keep(path, 'old');
    chmodSync(path, 0o666);
    await keep(path, 'new', { mode: 0o640 });
    expect(await readKept(path)).toBe('new');
    expect(statSync(path).mode & 0o777).toBe(0o640);
    expect(readdirSync(join(folder, 'replace'))).toEqual(['file']);
  });

  it('never shows a reader a part of a file', async () => {
    const path = join(folder, 'readers/file');
    const [old, fresh] = ['o'.repeat(300_000), 'n'.repeat(300_000)];
    await keep(path, old);
    const seen = new Set<string>();
    const write = async () => {
      for (const content of [fresh, old, fresh]) await keep(path, content);
    };
    const read = async () => {
      for (let round = 0; round < 60; round++) seen.add((await readKept(path)) ?? 'gone');
    };
    await Promise.all([write(), read()]);
    expect([...seen].every((content) => content === old || content === fresh)).toBe(true);
  });

  it('keeps the old file when the disk is full', () => {
    // A mount of its own namespace, so nothing has to be cleaned up whatever happens here.
    const result = spawnSync(
      'unshare',
      [
        '--map-root-user',
        '--mount',
        'sh',
        '-c',
        `mkdir -p "$1" && mount -t tmpfs -o size=64k tmpfs "$1" && printf old > "$1/file" &&
         "$2" "$3" "$1/file" 500000 2>&1; echo "rc=$?"; cat "$1/file"; echo; ls -A "$1"`,
        'sh',
        join(folder, 'full'),
        process.execPath,
        script,
      ],
      { encoding: 'utf8' },
    );
    expect(result.stderr).toBe('');
    expect(result.stdout).toContain('ENOSPC');
    expect(result.stdout).toMatch(/rc=1\nold\nfile\n$/);
  });

  it('keeps the old file when killed before the new one is in place, and cleans up the next time', async () => {
    const path = join(folder, 'killed/file');
    await keep(path, 'old');
    // When the new file is written and not yet in place.
    const killed = `import { open } from 'node:fs/promises';
      const handle = await open('/dev/null');
      Object.getPrototypeOf(handle).sync = () => process.kill(process.pid, 'SIGKILL');
      await handle.close();`;
    const words = ['--import', `data:text/javascript,${encodeURIComponent(killed)}`, script, path, '1000'];
    expect(spawnSync(process.execPath, words)).toMatchObject({ signal: 'SIGKILL' });
    expect(await readKept(path)).toBe('old');
    expect(readdirSync(join(folder, 'killed'))).toHaveLength(2);
    await keep(path, 'new');
    expect(readdirSync(join(folder, 'killed'))).toEqual(['file']);
  });

  it('leaves the new file of a process that still writes alone', async () => {
    const path = join(folder, 'alive/file');
    await keep(path, 'old');
    const other = join(folder, `alive/.file.${process.ppid}.00112233.new`);
    writeFileSync(other, 'part');
    await keep(path, 'new');
    expect(existsSync(other)).toBe(true);
  });
});

describe('forget', () => {
  it('removes the file and is content when there is none', async () => {
    const path = join(folder, 'forget/file');
    await keep(path, 'x');
    await forget(path);
    await forget(path);
    expect(await readKept(path)).toBeUndefined();
    await forget(join(folder, 'no-such-folder/file'));
  });

  it('reads what was kept', async () => {
    await keep(join(folder, 'bytes'), Buffer.from([0, 255, 10]));
    expect(readFileSync(join(folder, 'bytes'))).toEqual(Buffer.from([0, 255, 10]));
  });
});
