import { mkdtempSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { FactCache } from '../../src/state/fact-cache.ts';

let folder: string;
let cache: FactCache;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'facts-'));
  cache = new FactCache(folder);
});
afterEach(() => rmSync(folder, { recursive: true }));

test('keeps facts of each host for the user alone', async () => {
  expect(await cache.read('web1')).toEqual({});
  await cache.write('web1', { ansible_distribution: 'Debian' });
  await cache.write('../x', { a: [1] });
  expect(await cache.read('web1')).toEqual({ ansible_distribution: 'Debian' });
  expect(await cache.read('../x')).toEqual({ a: [1] });
  expect(readdirSync(folder)).toEqual(['facts']);
  expect(statSync(join(folder, 'facts', 'web1.json')).mode & 0o777).toBe(0o600);
});

test('is cleared for a host or as a whole', async () => {
  await cache.write('a', { x: 1 });
  await cache.write('b', { x: 2 });
  await cache.clear('a');
  expect([await cache.read('a'), await cache.read('b')]).toEqual([{}, { x: 2 }]);
  await cache.flush();
  await cache.flush();
  expect(await cache.read('b')).toEqual({});
});

test('takes a file that is broken for none', async () => {
  await cache.write('a', {});
  for (const text of ['{', '[1]', 'null']) {
    writeFileSync(join(folder, 'facts', 'a.json'), text);
    expect(await cache.read('a')).toEqual({});
  }
});
