import { existsSync, mkdirSync, readFileSync, rmSync, symlinkSync, utimesSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import { type AddressInfo, connect, createServer as createTcpServer } from 'node:net';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { loadModule } from '../../src/modules/registry.ts';
import { parseSockets } from '../../src/modules/shared/sockets.ts';
import { Bench } from './harness.ts';

let bench: Bench;
let server: Server;
let base: string;
const port = (of: { address(): unknown }) => (of.address() as AddressInfo).port;
const seen: { method: string; url: string; headers: Record<string, unknown>; body: string }[] = [];

beforeAll(async () => {
  bench = await Bench.open();
  server = createServer((request, response) => {
    let body = '';
    request.on('data', (chunk) => {
      body += chunk;
    });
    request.on('end', () => {
      seen.push({ method: request.method!, url: request.url!, headers: request.headers, body });
      if (request.url === '/moved') return void response.writeHead(302, { location: '/json' }).end();
      if (request.url === '/missing') return void response.writeHead(404).end('nothing here');
      if (request.url === '/slow') return;
      response.writeHead(200, { 'content-type': 'application/json', 'x-two': ['a', 'b'] }).end('{"ok": [1]}');
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  base = `http://127.0.0.1:${port(server)}`;
});
afterAll(async () => {
  server.closeAllConnections();
  server.close();
  await bench.close();
});

describe('uri', () => {
  it('gets JSON, follows a redirect, and returns headers as Ansible names them', async () => {
    const { changed, failed, values } = await bench.act('uri', {
      url: `${base}/moved`,
      return_content: 'yes',
    });
    expect([changed, failed]).toEqual([false, undefined]);
    expect(values).toMatchObject({
      status: 200,
      json: { ok: [1] },
      content: '{"ok": [1]}',
      url: `${base}/json`,
      redirected: true,
      content_type: 'application/json',
      x_two: 'a, b',
    });
  });

  it('sends body, headers and password over standard input, as they are', async () => {
    const awkward = 'line 1\n"quoted" \\ back\ttab \'single\' ü';
    await bench.act('uri', {
      url: `${base}/x?a[]=1`,
      method: 'POST',
      body: { text: awkward },
      body_format: 'json',
      headers: { 'X-Test': 'a "b" \\c', 'X-Number': 5 },
      url_username: 'me',
      url_password: 'pass"word',
    });
    const { method, url, headers, body } = seen.at(-1)!;
    expect([method, url, JSON.parse(body)]).toEqual(['POST', '/x?a[]=1', { text: awkward }]);
    expect(headers).toMatchObject({
      'x-test': 'a "b" \\c',
      'x-number': '5',
      'content-type': 'application/json',
      authorization: `Basic ${Buffer.from('me:pass"word').toString('base64')}`,
      'user-agent': 'foobar',
    });
    await bench.act('uri', {
      url: base,
      method: 'PUT',
      body: { a: 'x y', b: [1, 2] },
      body_format: 'form-urlencoded',
    });
    expect(seen.at(-1)!.body).toBe('a=x+y&b=1&b=2');
    await bench.act('uri', { url: base, method: 'POST', body: awkward });
    expect(seen.at(-1)!.body).toBe(awkward);
  });

  it('fails on another status with the content, and on no answer with the reason', async () => {
    const missing = await bench.act('uri', { url: `${base}/missing` });
    expect(missing.failed).toBe('Status code was 404 and not [200]: HTTP Error 404: Not Found');
    expect(missing.values).toMatchObject({ status: 404, redirected: false, url: `${base}/missing` });
    expect(missing.values).not.toHaveProperty('content');
    expect(
      (await bench.act('uri', { url: `${base}/missing`, status_code: [200, 404] })).failed,
    ).toBeUndefined();
    expect(
      (await bench.act('uri', { url: `${base}/missing`, method: 'HEAD', status_code: '404' })).failed,
    ).toBeUndefined();
    const refused = await bench.act('uri', { url: 'http://127.0.0.1:1/' });
    expect([refused.failed, refused.values!.status]).toEqual([expect.stringMatching(/connect/i), -1]);
    expect((await bench.act('uri', { url: `${base}/slow`, timeout: 1 })).failed).toMatch(/timed out/i);
  });

  it('sends a form of many parts, and files, as Ansible does', async () => {
    writeFileSync(bench.at('t.txt'), 'plain text\nfile\n');
    const file = { filename: 't.txt' };
    await bench.act('uri', {
      url: base,
      method: 'POST',
      body_format: 'form-multipart',
      body: {
        text: 'some\nvalue',
        file2: { content: 'own\n', filename: 'x/fake.txt', mime_type: 'text/x-fake' },
        file1: file,
        file3: { ...file, multipart_encoding: '7or8bit' },
      },
    });
    const { headers, body } = seen.at(-1)!;
    const [, boundary = ''] =
      /^multipart\/form-data; boundary="(.+)"$/.exec(String(headers['content-type'])) ?? [];
    const text = 'Content-Type: text/plain';
    const part = (name: string) => `Content-Disposition: form-data; name="${name}"`;
    // Recorded with ansible-core 2.19.11.
    expect(body.split(`--${boundary}`)).toEqual([
      '',
      `\r\nContent-Transfer-Encoding: base64\r\n${text}\r\n${part('file1')}; filename="t.txt"\r\n\r\ncGxhaW4gdGV4dApmaWxlCg==\r\n\r\n`,
      `\r\nContent-Type: text/x-fake\r\n${part('file2')}; filename="fake.txt"\r\n\r\nown\r\n\r\n`,
      `\r\nContent-Transfer-Encoding: 7bit\r\n${text}\r\n${part('file3')}; filename="t.txt"\r\n\r\nplain text\r\nfile\r\n\r\n`,
      `\r\n${text}\r\n${part('text')}\r\n\r\nsome\r\nvalue\r\n`,
      '--\r\n',
    ]);
    await bench.act('uri', { url: base, method: 'PUT', src: 't.txt' });
    expect(seen.at(-1)!.body).toBe('plain text\nfile\n');
    await bench.act('uri', { url: base, method: 'PUT', src: bench.at('t.txt'), remote_src: true });
    expect(seen.at(-1)!.body).toBe('plain text\nfile\n');
  });

  it('keeps an answer in dest, with the attributes that are asked for', async () => {
    mkdirSync(bench.at('kept'));
    const args = { url: `${base}/json`, dest: bench.at('kept'), mode: '0600' };
    const { changed, values } = await bench.act('uri', args);
    expect([changed, values!.path, values!.mode]).toEqual([true, bench.at('kept/json'), '0600']);
    expect(readFileSync(bench.at('kept/json'), 'utf8')).toBe('{"ok": [1]}');
    const gone = await bench.act('uri', { url: `${base}/missing`, dest: bench.at('gone') });
    expect([gone.changed, existsSync(bench.at('gone'))]).toEqual([false, false]);
  });

  it('holds back headers where a redirect leads, and makes GET of POST as urllib', async () => {
    const headers = { 'X-Secret': 's', 'X-Open': 'o' };
    await bench.act('uri', { url: `${base}/moved`, headers, unredirected_headers: ['x-secret'] });
    expect(seen.at(-1)!.headers).toMatchObject({ 'x-open': 'o' });
    expect(seen.at(-1)!.headers).not.toHaveProperty('x-secret');
    await bench.act('uri', { url: `${base}/moved`, headers });
    expect(seen.at(-1)!.headers).toMatchObject({ 'x-secret': 's', 'x-open': 'o' });
    const args = { url: `${base}/moved`, method: 'POST', body: 'a=b' };
    expect((await bench.act('uri', { ...args, follow_redirects: 'all' })).values).toMatchObject({
      status: 200,
      redirected: true,
    });
    expect(seen.at(-1)!.method).toBe('GET');
    const held = await bench.act('uri', { ...args, status_code: [302] });
    expect(held.values).toMatchObject({
      status: 302,
      msg: 'HTTP Error 302: Found',
      location: `${base}/json`,
    });
  });

  it('sends nothing that creates or removes settle', async () => {
    const before = seen.length;
    const { values } = await bench.act('uri', { url: base, creates: bench.folder });
    expect(values).toMatchObject({ stdout: `skipped, since '${bench.folder}' exists` });
    await bench.act('uri', { url: base, removes: bench.at('nothing') });
    expect(seen.length).toBe(before);
  });

  it('sends nothing that changes in check mode', async () => {
    const module = await loadModule('uri');
    if (module.kind !== 'action') throw new Error('uri is an action');
    const before = seen.length;
    const want = module.params.parse({ url: base, method: 'DELETE' });
    expect((await module.run(want, bench.readOnly, bench.context(true))).skipped).toContain('check mode');
    expect(seen.length).toBe(before);
  });
});

describe('wait_for', () => {
  it('waits for a port to open and to close', async () => {
    const listener = createTcpServer((socket) => {
      // A probe that only connects may be gone before it is greeted.
      socket.on('error', () => {});
      socket.end('SSH-2.0-Test\r\n');
    });
    await new Promise<void>((resolve) => listener.listen(0, '127.0.0.1', resolve));
    const at = port(listener);
    expect((await bench.act('wait_for', { port: at, timeout: 120 })).failed).toBeUndefined();
    const greeted = await bench.act('wait_for', {
      port: at,
      search_regex: 'SSH-(?P<v>[\\d.]+)',
      timeout: 120,
    });
    expect(greeted.values).toMatchObject({
      match_groups: ['2.0'],
      match_groupdict: { v: '2.0' },
      state: 'started',
    });
    const still = await bench.act('wait_for', { port: at, state: 'stopped', timeout: 0 });
    expect(still.failed).toBe(`Timeout when waiting for 127.0.0.1:${at} to stop.`);
    const stopped = bench.act('wait_for', { port: at, state: 'stopped', timeout: 120, sleep: 0.05 });
    listener.close();
    expect((await stopped).failed).toBeUndefined();
    expect((await bench.act('wait_for', { port: at, timeout: 0, msg: 'still closed' })).failed).toBe(
      'still closed',
    );
  });

  it('waits until connections are drained', async () => {
    const listener = createTcpServer();
    await new Promise<void>((resolve) => listener.listen(0, '127.0.0.1', resolve));
    const at = port(listener);
    const drained = (timeout: number) =>
      bench.act('wait_for', {
        port: at,
        state: 'drained',
        timeout,
        sleep: 0.05,
        active_connection_states: 'ESTABLISHED',
      });
    const client = connect(at, '127.0.0.1');
    await new Promise((resolve) => listener.once('connection', resolve));
    expect((await drained(0)).failed).toContain('to drain');
    const waiting = drained(10);
    client.destroy();
    expect((await waiting).failed).toBeUndefined();
    listener.close();
  });

  it('waits for a file, its text, and its end', async () => {
    const path = bench.at('flag');
    const waiting = bench.act('wait_for', { path, search_regex: 'ready (\\d+)$', timeout: 120, sleep: 0.05 });
    writeFileSync(path, 'starting\n');
    writeFileSync(path, 'starting\nready 7\nmore\n');
    expect((await waiting).values).toMatchObject({ match_groups: ['7'] });
    const gone = bench.act('wait_for', { path, state: 'absent', timeout: 120, sleep: 0.05 });
    rmSync(path);
    expect((await gone).failed).toBeUndefined();
    expect((await bench.act('wait_for', { path, timeout: 0 })).failed).toMatch(
      /^Timeout when waiting for file .*flag$/,
    );
  });
});

describe('parseSockets', () => {
  it('reads both families', () => {
    const line = (local: string, state: string) =>
      `   0: ${local} 0100007F:A000 ${state} 00000000:00000000 00:0 0 0 0 1`;
    const text = [
      '  sl  local_address rem_address   st tx_queue rx_queue',
      line('0100007F:0CEA', '0A'),
      line('0000000000000000FFFF0000060012C6:01BB', '01'),
      line('00000000000000000000000001000000:0050', '06'),
    ].join('\n');
    expect(parseSockets(text)).toEqual([
      { address: '127.0.0.1', port: 3306, peer: '127.0.0.1', state: 'LISTEN' },
      { address: '198.18.0.6', port: 443, peer: '127.0.0.1', state: 'ESTABLISHED' },
      { address: '00000000000000000000000001000000', port: 80, peer: '127.0.0.1', state: 'TIME_WAIT' },
    ]);
  });
});

describe('stat, slurp, tempfile', () => {
  it('stat returns what Ansible returns', async () => {
    writeFileSync(bench.at('s'), 'hello\n', { mode: 0o640 });
    utimesSync(bench.at('s'), 5, 1700000000.5);
    symlinkSync('s', bench.at('link'));
    const stat = async (args: object) => (await bench.act('stat', { ...args })).values!.stat;
    expect(await stat({ path: bench.at('s') })).toMatchObject({
      exists: true,
      isreg: true,
      isdir: false,
      mode: '0640',
      size: 6,
      mtime: 1700000000.5,
      checksum: 'f572d396fae9206628714fb2ce00f72e94f2258f',
      rusr: true,
      woth: false,
    });
    expect(await stat({ path: bench.at('link') })).toMatchObject({
      islnk: true,
      lnk_target: 's',
      lnk_source: bench.at('s'),
    });
    expect(await stat({ path: bench.at('link'), follow: true, checksum_algorithm: 'md5' })).toMatchObject({
      isreg: true,
      checksum: 'b1946ac92492d2347c6235b4d2611184',
    });
    mkdirSync(bench.at('dir'));
    expect(await stat({ path: bench.at('dir') })).toMatchObject({ isdir: true });
    expect(await stat({ path: bench.at('none') })).toEqual({ exists: false });
  });

  it('slurp brings any bytes', async () => {
    const bytes = Buffer.from([0, 1, 255, 10]);
    writeFileSync(bench.at('bytes'), bytes);
    const { values } = await bench.act('slurp', { src: bench.at('bytes') });
    expect(Buffer.from(values!.content as string, 'base64')).toEqual(bytes);
    await expect(bench.act('slurp', { src: bench.at('none') })).rejects.toThrow(/does not exist/);
  });

  it('tempfile makes a file of its own each time', async () => {
    const made = async () =>
      (await bench.act('tempfile', { path: bench.folder, suffix: '.x' })).values!.path as string;
    const [one, two] = [await made(), await made()];
    expect(one).toMatch(/\/ansible\.\w{8}\.x$/);
    expect([one === two, readFileSync(two, 'utf8')]).toEqual([false, '']);
  });
});
