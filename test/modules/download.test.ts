import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import {
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  statSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { NotYet } from '../../src/errors.ts';
import type { StateModule } from '../../src/modules/contract.ts';
import { loadModule } from '../../src/modules/registry.ts';
import { digestFor } from '../../src/modules/shared/download.ts';
import { readComparison } from '../../src/modules/shared/tar.ts';
import { readListing } from '../../src/modules/shared/unzip.ts';
import { Bench, shown } from './harness.ts';

let bench: Bench;
beforeEach(async () => {
  bench = await Bench.open();
});
afterEach(() => bench.close());

describe('get_url', () => {
  let server: Server;
  let base: string;
  let content = 'version 1\n';
  let fetched: string[] = [];
  let secrets: unknown[] = [];
  let newer = false;
  const sum = () => createHash('sha256').update(content).digest('hex');

  beforeEach(async () => {
    content = 'version 1\n';
    fetched = [];
    secrets = [];
    newer = false;
    server = createServer((request, response) => {
      fetched.push(request.url!);
      if (request.url === '/SHA256SUMS')
        return void response.end(`${'0'.repeat(64)}  other\n${sum()} *tool\n`);
      if (request.headers['if-modified-since'] !== undefined && request.url === '/tool' && !newer)
        return void response.writeHead(304).end();
      if (request.url === '/named')
        return void response
          .writeHead(200, { 'content-disposition': 'attachment; filename="own"' })
          .end(content);
      if (request.url === '/moved')
        return void response.writeHead(302, { location: '/tool' }).end('it is elsewhere');
      if (request.url === '/tool') secrets.push(request.headers['x-secret']);
      if (request.url !== '/tool') return void response.writeHead(404).end('no');
      response.end(content);
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    base = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  });
  afterEach(() => {
    server.closeAllConnections();
    server.close();
  });

  it('holds back headers where a redirect leads, and tells how a download failed', async () => {
    const headers = { 'X-Secret': 's' };
    const args = { url: `${base}/moved`, dest: bench.at('moved'), headers };
    await bench.settle('get_url', { ...args, unredirected_headers: ['X-Secret'] });
    expect(secrets).toEqual([undefined]);
    await bench.settle('get_url', { ...args, force: true });
    expect(secrets.at(-1)).toBe('s');
    await expect(bench.settle('get_url', { ...args, url: `${base}/none` })).rejects.toMatchObject({
      values: { status_code: 404, response: 'HTTP Error 404: Not Found', dest: bench.at('moved') },
    });
  });

  it('downloads what is not there, and then leaves it alone', async () => {
    const args = { url: `${base}/tool`, dest: bench.at('tool'), mode: '0755' };
    expect((await bench.check('get_url', args)).map((change) => change.what)).toEqual(['content', 'mode']);
    expect(fetched).toEqual([]);
    expect((await bench.settle('get_url', args)).left).toEqual([]);
    expect([readFileSync(bench.at('tool'), 'utf8'), statSync(bench.at('tool')).mode & 0o777]).toEqual([
      content,
      0o755,
    ]);
    content = 'version 2\n';
    expect((await bench.settle('get_url', args)).changes).toEqual([]);
    expect(fetched).toEqual(['/tool', '/tool']);
    newer = true;
    expect((await bench.settle('get_url', args)).left).toEqual([]);
    expect(readFileSync(bench.at('tool'), 'utf8')).toBe(content);
    content = 'version 3\n';
    const forced = await bench.settle('get_url', { ...args, force: true, backup: true });
    expect([forced.left, readFileSync(bench.at('tool'), 'utf8')]).toEqual([[], content]);
    expect(readFileSync(forced.result.backup_file as string, 'utf8')).toBe('version 2\n');
    expect((await bench.settle('get_url', { ...args, force: true })).changes).toEqual([]);
  });

  it('takes only the file that the checksum names, from a list too', async () => {
    mkdirSync(bench.at('bin'));
    const args = { url: `${base}/tool`, dest: bench.at('bin') };
    await expect(bench.settle('get_url', { ...args, checksum: `sha256:${'a'.repeat(64)}` })).rejects.toThrow(
      /The checksum of what came did not match a{64}; it was [0-9a-f]{64}/,
    );
    expect(readdirSync(bench.at('bin'))).toEqual([]);
    expect((await bench.settle('get_url', { ...args, checksum: `sha256:${base}/SHA256SUMS` })).left).toEqual(
      [],
    );
    expect(readFileSync(bench.at('bin/tool'), 'utf8')).toBe(content);
    fetched = [];
    expect((await bench.settle('get_url', { ...args, checksum: `sha256:${sum()}` })).changes).toEqual([]);
    // Only the head, for the name.
    expect(fetched).toEqual(['/tool']);
  });

  it('names files in directories as the server does, and downloads by way of another directory', async () => {
    mkdirSync(bench.at('in'));
    mkdirSync(bench.at('tmp'));
    const args = { url: `${base}/named`, dest: bench.at('in'), tmp_dest: bench.at('tmp'), mode: '0600' };
    const { left, result } = await bench.settle('get_url', args);
    expect([left, readdirSync(bench.at('in')), readdirSync(bench.at('tmp'))]).toEqual([[], ['own'], []]);
    expect(result).toMatchObject({ dest: bench.at('in/own'), status_code: 200 });
    await expect(bench.check('get_url', { ...args, tmp_dest: bench.at('no') })).rejects.toBeInstanceOf(
      NotYet,
    );
  });

  it('keeps the old file when the download fails', async () => {
    writeFileSync(bench.at('tool'), 'old');
    const args = { url: `${base}/gone`, dest: bench.at('tool') };
    await expect(bench.settle('get_url', { ...args, force: true })).rejects.toThrow(/404/);
    await expect(bench.settle('get_url', { ...args, checksum: `sha256:${sum()}` })).rejects.toThrow(/404/);
    expect([readFileSync(bench.at('tool'), 'utf8'), readdirSync(bench.folder)]).toEqual(['old', ['tool']]);
  });
});

describe('digestFor', () => {
  const digest = 'a'.repeat(64);
  it.each([
    [`${digest}\n`, digest],
    [`b  other\n${digest}  ./tool.tgz\n`, digest],
    [`${digest.toUpperCase()} *tool.tgz`, digest],
    [`SHA256 (other) = b\nSHA256 (tool.tgz) = ${digest}\n`, digest],
  ])('%j', (list, found) => {
    expect(digestFor(list, 'https://x/y/tool.tgz?z', 'list')).toBe(found);
  });
  it('refuses a list without the file', () => {
    expect(() => digestFor(`${digest}  other\n${digest}  more`, 'https://x/tool', 'list')).toThrow(
      /Unable to find a checksum for file 'tool' in 'list'/,
    );
  });
});

describe('unarchive', () => {
  beforeEach(() => {
    mkdirSync(bench.at('a/d'), { recursive: true });
    writeFileSync(bench.at('a/f'), '1');
    writeFileSync(bench.at("a/d/it's"), '2', { mode: 0o600 });
    execFileSync('tar', ['-C', bench.folder, '-czf', bench.at('x.tgz'), 'a']);
    execFileSync('tar', ['-C', bench.folder, '-cf', bench.at('x.tar'), 'a']);
    mkdirSync(bench.at('out'));
  });

  it.each([
    ['x.tgz', false],
    ['x.tar', false],
    ['x.tgz', true],
  ])('unpacks %s (remote_src %s), settles, and mends what was changed', async (name, remote_src) => {
    const args = {
      src: remote_src ? bench.at(name) : name,
      dest: bench.at('out'),
      remote_src,
      list_files: true,
    };
    expect((await bench.check('unarchive', args)).length).toBeGreaterThan(2);
    const first = await bench.settle('unarchive', args);
    expect([first.left, readFileSync(bench.at("out/a/d/it's"), 'utf8')]).toEqual([[], '2']);
    expect((first.result.files as string[]).toSorted()).toEqual(['a/', 'a/d/', "a/d/it's", 'a/f']);
    expect((await bench.settle('unarchive', args)).changes).toEqual([]);
    writeFileSync(bench.at('out/a/f'), 'changed');
    const again = await bench.settle('unarchive', args);
    expect(shown(again.changes)).toContain('a/f Size differs -> as in the archive');
    expect(again.left).toEqual([]);
    expect(readFileSync(bench.at('out/a/f'), 'utf8')).toBe('1');
  });

  it.each([false, true])('unpacks zip archives (remote_src %s), settles, and mends', async (remote_src) => {
    execFileSync('zip', ['-qr', bench.at('x.zip'), 'a'], { cwd: bench.folder });
    const src = remote_src ? bench.at('x.zip') : 'x.zip';
    const args = { src, dest: bench.at('out'), remote_src, list_files: true, exclude: 'a/none' };
    expect((await bench.check('unarchive', args)).length).toBe(4);
    const first = await bench.settle('unarchive', args);
    expect([first.left, readFileSync(bench.at("out/a/d/it's"), 'utf8')]).toEqual([[], '2']);
    expect(statSync(bench.at("out/a/d/it's")).mode & 0o777).toBe(0o600);
    expect(first.result).toMatchObject({ handler: 'ZipArchive', extract_results: { rc: 0 } });
    expect((first.result.files as string[]).toSorted()).toEqual(['a/', 'a/d/', "a/d/it's", 'a/f']);
    expect((await bench.settle('unarchive', args)).changes).toEqual([]);
    const { mtime } = statSync(bench.at('out/a/f'));
    writeFileSync(bench.at('out/a/f'), '9');
    utimesSync(bench.at('out/a/f'), mtime, mtime);
    const again = await bench.settle('unarchive', args);
    expect(shown(again.changes)).toEqual(['a/f Contents differ -> as in the archive']);
    expect([again.left, readFileSync(bench.at('out/a/f'), 'utf8')]).toEqual([[], '1']);
    const given = await bench.settle('unarchive', { ...args, mode: 'u=rwX,go=rX' });
    expect([given.left, statSync(bench.at("out/a/d/it's")).mode & 0o777]).toEqual([[], 0o644]);
  });

  it.each(['x.tgz', 'x.zip'])('fetches %s from a URL', async (name) => {
    execFileSync('zip', ['-qr', bench.at('x.zip'), 'a'], { cwd: bench.folder });
    const server = createServer((request, response) => {
      if (request.url !== `/${name}`) return void response.writeHead(404).end('no');
      response.end(readFileSync(bench.at(name)));
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const base = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
    const args = { src: `${base}/${name}`, dest: bench.at('out'), remote_src: true };
    try {
      expect((await bench.settle('unarchive', args)).left).toEqual([]);
      expect(readFileSync(bench.at('out/a/f'), 'utf8')).toBe('1');
      expect(await bench.check('unarchive', args)).toEqual([]);
      await expect(bench.check('unarchive', { ...args, src: `${base}/gone` })).rejects.toThrow(
        /Failure downloading .*404/,
      );
    } finally {
      server.close();
    }
  });

  it('skips when what it creates is there', async () => {
    const creates = bench.at('out/a/f');
    const args = { src: bench.at('x.tgz'), dest: bench.at('out'), remote_src: true, creates };
    const { result } = await bench.settle('unarchive', args);
    expect(result).toMatchObject({ handler: 'TgzArchive', extract_results: { rc: 0 } });
    const module = (await loadModule('unarchive')) as StateModule<unknown, unknown>;
    const skipped = async (more: object) => {
      (bench.readOnly as unknown as { forget(): void }).forget();
      const want = module.params.parse({ ...args, ...more });
      return module.skipped?.(want, await module.have(want, bench.readOnly, bench.context()));
    };
    expect(await skipped({})).toBe(`skipped, since ${creates} exists`);
    expect(await skipped({ creates: bench.at('out/none') })).toBe(undefined);
  });

  it('takes options of tar, and gives everything the mode that is asked for', async () => {
    const args = {
      src: 'x.tgz',
      dest: bench.at('out'),
      extra_opts: ['--strip-components=1'],
      exclude: 'a/f',
      mode: 'u=rwX,go=rX',
    };
    expect((await bench.settle('unarchive', args)).left).toEqual([]);
    expect(readdirSync(bench.at('out'))).toEqual(['d']);
    expect(statSync(bench.at("out/d/it's")).mode & 0o777).toBe(0o644);
    expect((await bench.settle('unarchive', args)).changes).toEqual([]);
  });

  it('does nothing when creates is there; needs its directory', async () => {
    const args = { src: 'x.tgz', dest: bench.at('out'), creates: bench.at('a') };
    expect((await bench.settle('unarchive', args)).changes).toEqual([]);
    expect(existsSync(bench.at('out/a'))).toBe(false);
    await expect(bench.check('unarchive', { src: 'x.tgz', dest: bench.at('no') })).rejects.toBeInstanceOf(
      NotYet,
    );
  });

  it('refuses what is no archive', async () => {
    writeFileSync(bench.at('bad.tgz'), 'hello');
    await expect(bench.check('unarchive', { src: 'bad.tgz', dest: bench.at('out') })).rejects.toThrow(
      /bad\.tgz: tar: /,
    );
  });
});

describe('readListing', () => {
  it('reads members of Unix and of FAT, and names with spaces', () => {
    const short = `Archive:  x.zip
Zip file size: 730 bytes, number of entries: 4
drwxr-x---  3.0 unx        0 bx stor 20240131.101500 a/
-rw-------  3.0 unx     2802 tx defN 20240131.101502 a/two  words
lrwxrwxrwx  3.0 unx        1 bx stor 20240131.101502 a/l
-rw-a--     2.0 fat        5 t- stor 19790101.000000 FAT.TXT
4 files, 8 bytes uncompressed, 8 bytes compressed:  0.0%
`;
    const long = `Archive:  x.zip
 Length   Method    Size  Cmpr    Date    Time   CRC-32   Name
--------  ------  ------- ---- ---------- ----- --------  ----
       0  Stored        0   0% 2024-01-31 10:15 00000000  a/
    2802  Defl:N      921  67% 2024-01-31 10:15 83dcefb7  a/two  words
       1  Stored        1   0% 2024-01-31 10:15 1ad5be0d  a/l
       5  Stored        5   0% 1979-01-01 00:00 ffffffff  FAT.TXT
--------          -------  ---                            -------
    2808              927  67%                            4 files
`;
    const time = '2024-01-31 10:15:02';
    expect(readListing(short, long)).toEqual([
      { name: 'a/', type: 'directory', mode: 0o750, size: 0, time: '2024-01-31 10:15:00', crc: 0 },
      { name: 'a/two  words', type: 'file', mode: 0o600, size: 2802, time, crc: 0x83dcefb7 },
      { name: 'a/l', type: 'link', mode: 0o777, size: 1, time, crc: 0x1ad5be0d },
      { name: 'FAT.TXT', type: 'file', mode: 0o644, size: 5, time: '1980-01-01 00:00:00', crc: 0xffffffff },
    ]);
  });
});

describe('readComparison', () => {
  it('reads members, differences and what is missing, and leaves out what parameters give', () => {
    const stdout = '/\nf\nf: Size differs\nd/\nd: Uid differs\nd/g\nd/g: Mode differs\n';
    const stderr =
      'tar: : Warning: Cannot stat: No such file or directory\ntar: l: Warning: Cannot readlink: No such file or directory\n';
    expect(readComparison(stdout, stderr, { keep_newer: false, owner: 'x' })).toEqual({
      members: ['f', 'd/', 'd/g'],
      differing: ['f: Size differs', 'd/g: Mode differs', 'l: No such file or directory'],
    });
  });
});
