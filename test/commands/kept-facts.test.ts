import { existsSync, mkdtempSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { provision } from '../../src/commands/provision.ts';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'foobar-kept-facts-'));
});
afterEach(() => {
  vi.restoreAllMocks();
  vi.unstubAllEnvs();
  rmSync(folder, { recursive: true, force: true });
});

/** Runs tasks on one host without gathering; gives what debug told. */
async function run(tasks: string, { vars = '', limit = 'one', check = false, flushCache = false } = {}) {
  const inventory = join(folder, 'hosts.yaml');
  const playbook = join(folder, 'site.yaml');
  writeFileSync(inventory, `all: { hosts: { one: , two: }, vars: { ansible_connection: local, ${vars} } }\n`);
  writeFileSync(
    playbook,
    `- hosts: all\n  gather_facts: false\n  tasks:\n${tasks.replaceAll(/^/gm, '    ')}\n`,
  );
  let written = '';
  vi.spyOn(process.stdout, 'write').mockImplementation((text) => {
    written += text;
    return true;
  });
  await provision({
    inventory,
    playbook,
    limit,
    tags: [],
    skipTags: [],
    extraVars: [],
    check,
    diff: false,
    verbosity: 0,
    output: 'json',
    flushCache,
    signal: new AbortController().signal,
  });
  vi.restoreAllMocks();
  const events = written
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line));
  return events.flatMap((event) => (event.event === 'output' ? [event.line] : []));
}

const gather = '- setup: { gather_subset: min }';
const show = '- debug: { msg: "{{ hostvars.one.ansible_facts.distribution is defined }}" }';
const asked = { vars: 'foobar_fact_cache: true' };
const files = () => {
  const kept = join(folder, '.foobar');
  return existsSync(kept)
    ? readdirSync(kept, { recursive: true, encoding: 'utf8' }).filter((name) => name.endsWith('.json'))
    : [];
};

it('keeps facts for later runs and other hosts only where that is asked for', async () => {
  await run(gather);
  expect(files()).toEqual([]);
  await run(gather, { ...asked, check: true });
  expect(files()).toEqual([]);
  await run(gather, asked);
  expect(files().map((name) => name.split('/').slice(-2).join('/'))).toEqual(['facts/one.json']);
  expect(statSync(join(folder, '.foobar', files()[0] as string)).mode & 0o777).toBe(0o600);
  expect(await run(show, { ...asked, limit: 'two' })).toEqual(['true']);
  expect(await run(show, { limit: 'two' })).toEqual(['false']);
  vi.stubEnv('ANSIBLE_CACHE_PLUGIN', 'jsonfile');
  expect(await run(show, { limit: 'two' })).toEqual(['true']);
});

it.each([
  ['--flush-cache', show, { flushCache: true }],
  ['meta: clear_facts', '- meta: clear_facts', {}],
])('%s forgets them', async (_what, tasks, options) => {
  await run(gather, asked);
  await run(tasks, { ...asked, ...options });
  expect(await run(show, { ...asked, limit: 'two' })).toEqual(['false']);
  expect(files()).toEqual([]);
});
