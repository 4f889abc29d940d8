import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from 'vitest';
import { keepCertificate, lastFailure, readCertificate } from '../../src/certificates/store.ts';
import { certificateCells, certificateRow, certificates } from '../../src/commands/certificates.ts';
import { makeSite } from '../certificates/make.ts';

const directory = 'https://acme.example/dir';
const names = ['www.foobar.com', 'foobar.com'];
let folder: string;
let state: string;
beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'foobar-certificates-'));
  writeFileSync(join(folder, 'prod.yaml'), 'all: { hosts: { web1: } }\n');
  state = join(folder, '.foobar/prod');
  await keepCertificate(state, { directory, names }, (await makeSite(names)).pair, 0.5);
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));
afterEach(() => vi.restoreAllMocks());

const rowAt = async (time: string) =>
  certificateRow((await readCertificate(state, { directory, names }))!, new Date(time));

describe('the list of certificates', () => {
  it('has everything in values', async () => {
    expect(await rowAt('2026-06-10T00:00:00Z')).toMatchObject({
      names: ['foobar.com', 'www.foobar.com'],
      issuer: 'Test Intermediate',
      not_before: '2026-06-01T00:00:00.000Z',
      not_after: '2026-08-30T00:00:00.000Z',
      used: 0.1,
      renew_after: '2026-07-16T00:00:00.000Z',
      directory,
    });
  });

  it.each([
    ['2026-06-10T00:00:00Z', '10 %', 'in 36 d'],
    ['2026-07-15T20:30:00Z', '49 %', 'in 3 h 30 min'],
    ['2026-07-16T00:00:00Z', '50 %', 'now'],
    ['2026-08-30T00:00:00Z', '100 %', 'expired'],
  ])('on %s it is used to %s and due %s', async (time, used, due) => {
    const cells = certificateCells([await rowAt(time)], new Date(time));
    expect(cells[1]).toEqual([
      'foobar.com, www.foobar.com',
      'Test Intermediate',
      '2026-06-01 00:00 UTC',
      '2026-08-30 00:00 UTC',
      used,
      due,
      directory,
    ]);
  });
});

it('leaves columns out on a narrow terminal', async () => {
  const now = new Date('2026-06-10T00:00:00Z');
  const cells = certificateCells([await rowAt('2026-06-10T00:00:00Z')], now, 80);
  expect(cells[0]).toEqual(['names', 'issuer', 'valid until', 'used', 'due']);
  expect(cells[1]).toHaveLength(5);
});

describe('certificates --list', () => {
  const options = {
    list: true,
    check: false,
    diff: false,
    extraVars: [],
    verbosity: 0,
    signal: new AbortController().signal,
  };

  async function printed(more: object): Promise<string> {
    let text = '';
    vi.spyOn(process.stdout, 'write').mockImplementation((part) => {
      text += part;
      return true;
    });
    const code = await certificates({ ...options, inventory: join(folder, 'prod.yaml'), ...more });
    vi.restoreAllMocks();
    expect(code).toBe(0);
    return text;
  }

  it('prints a table and what failed last, without the key', async () => {
    await lastFailure.keep(
      state,
      { directory, names },
      { names, at: '2026-07-20T04:00:00.000Z', message: 'the CA is down' },
    );
    const text = await printed({});
    expect(text).toMatch(/^names +issuer +valid from/);
    expect(text).toContain(
      'www.foobar.com, foobar.com: the last try failed on 2026-07-20 04:00 UTC: the CA is down',
    );
    expect(text).not.toContain('PRIVATE');
  });

  it('prints one line of JSON', async () => {
    const event = JSON.parse(await printed({ output: 'json' }));
    expect(event.event).toBe('certificates');
    expect(event.certificates).toHaveLength(1);
    expect(JSON.stringify(event)).not.toContain('PRIVATE');
  });

  it('says when there is none', async () => {
    writeFileSync(join(folder, 'new.yaml'), 'all: { hosts: { web1: } }\n');
    expect(await printed({ inventory: join(folder, 'new.yaml') })).toContain('no certificate is kept yet');
  });
});
