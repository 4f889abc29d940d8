import { describe, expect, test } from 'vitest';
import type { Unit } from '../../src/host/queries/units.ts';
import apt from '../../src/modules/apt.ts';
import deb822 from '../../src/modules/deb822_repository.ts';
import { type AptState, aptChanges } from '../../src/modules/shared/apt.ts';
import { aptWish } from '../../src/modules/shared/apt-params.ts';
import { aptScript } from '../../src/modules/shared/apt-script.ts';
import { editKeys, formatKey, parseKeyLine } from '../../src/modules/shared/authorized-keys.ts';
import { sourceText } from '../../src/modules/shared/deb822.ts';
import { unitChanges, unitLeft } from '../../src/modules/shared/unit.ts';
import systemd from '../../src/modules/systemd.ts';
import user from '../../src/modules/user.ts';
import { shown } from './harness.ts';

const running: Unit = {
  id: 'nginx.service',
  loadState: 'loaded',
  activeState: 'active',
  subState: 'running',
  unitFileState: 'enabled',
  type: 'forking',
  result: 'success',
  needDaemonReload: false,
  canReload: true,
  invocation: 'a',
  stateChanged: '1',
  properties: {},
};
const unitState = (change: Partial<Unit>) => {
  const unit = { ...running, ...change };
  return { unit, stale: unit.needDaemonReload };
};

describe('a unit', () => {
  const cases: [Record<string, unknown>, Partial<Unit>, string[]][] = [
    [{ state: 'started', enabled: true }, {}, []],
    [{ state: 'started' }, { activeState: 'inactive' }, ['state inactive -> started']],
    [{ state: 'started' }, { activeState: 'failed' }, ['state failed -> started']],
    [{ state: 'started' }, { activeState: 'activating', subState: 'start' }, []],
    [
      { state: 'started' },
      { activeState: 'activating', subState: 'auto-restart' },
      ['state activating (auto-restart) -> started'],
    ],
    [{ state: 'stopped' }, {}, ['state active -> stopped']],
    [{ state: 'stopped' }, { activeState: 'failed' }, []],
    [{ state: 'restarted' }, {}, ['state active -> restarted']],
    [{ state: 'reloaded' }, { activeState: 'inactive' }, ['state inactive -> reloaded']],
    [{ enabled: true }, { unitFileState: 'disabled' }, ['enabled false -> true']],
    [{ enabled: false }, {}, ['enabled true -> false']],
    [{ enabled: true }, { unitFileState: 'static' }, []],
    [{ masked: true }, {}, ['masked false -> true']],
    [
      { masked: false, enabled: true },
      { loadState: 'masked', unitFileState: 'masked' },
      ['masked true -> false', 'enabled false -> true'],
    ],
    [{ daemon_reload: true }, { needDaemonReload: true }, ['unit files changed -> reloaded']],
    [{ state: 'started' }, { needDaemonReload: true }, []],
  ];
  test.each(cases)('%j of %j', (args, unit, expected) => {
    expect(shown(unitChanges(systemd.params.parse({ name: 'nginx', ...args }), unitState(unit)))).toEqual(
      expected,
    );
  });

  const proofs: [string, Partial<Unit>, Partial<Unit>, boolean][] = [
    ['restarted', {}, { invocation: 'b', stateChanged: '2' }, true],
    ['restarted', {}, {}, false],
    ['restarted', {}, { invocation: 'b', activeState: 'failed' }, false],
    ['restarted', {}, { invocation: 'b', activeState: 'activating', subState: 'auto-restart' }, false],
    ['restarted', { type: 'oneshot' }, { type: 'oneshot', invocation: 'b', activeState: 'inactive' }, true],
    [
      'restarted',
      { type: 'oneshot' },
      { type: 'oneshot', invocation: 'b', activeState: 'failed', result: 'exit-code' },
      false,
    ],
    ['reloaded', {}, { stateChanged: '2' }, true],
    ['reloaded', {}, {}, false],
    ['reloaded', { activeState: 'inactive' }, { stateChanged: '2', invocation: 'b' }, true],
    ['started', { activeState: 'inactive' }, { stateChanged: '2' }, true],
    ['started', { activeState: 'inactive' }, { activeState: 'failed' }, false],
  ];
  test.each(proofs)('%s from %j to %j is proven: %j', (state, before, after, proven) => {
    const want = systemd.params.parse({ name: 'nginx', state });
    expect(unitLeft(want, unitState(before), unitState(after)).length === 0).toBe(proven);
  });

  test('needs a name for a state', () => {
    expect(systemd.params.safeParse({ state: 'started' }).success).toBe(false);
    expect(systemd.params.safeParse({ daemon_reload: 'yes' }).success).toBe(true);
  });
});

describe('apt', () => {
  const installed = { version: '1.26.3-3', status: 'installed', architecture: 'amd64' };
  const item = (change: Partial<AptState['items'][number]>) => ({
    word: 'nginx',
    name: 'nginx',
    pin: undefined,
    have: undefined,
    providedBy: [],
    candidate: undefined,
    ...change,
  });
  const cases: [Record<string, unknown>, Partial<AptState['items'][number]>, string[]][] = [
    [{}, { have: installed }, []],
    [{}, {}, ['nginx absent -> present']],
    [{}, { providedBy: ['nginx-light'] }, []],
    [{}, { have: { ...installed, status: 'config-files' } }, ['nginx absent -> present']],
    [
      {},
      { have: { ...installed, status: 'half-configured' } },
      ['nginx 1.26.3-3 (half-configured) -> present'],
    ],
    [{}, { have: { ...installed, status: 'triggers-pending' } }, []],
    [{}, { have: installed, pin: '1.26*' }, []],
    [{}, { have: installed, pin: '1.2' }, ['nginx 1.26.3-3 -> 1.2']],
    [{ state: 'latest' }, { have: installed, candidate: '1.26.3-3' }, []],
    [{ state: 'latest' }, { have: installed, candidate: '1.28.0-1' }, ['nginx 1.26.3-3 -> 1.28.0-1']],
    [{ state: 'latest' }, { have: installed }, []],
    [{ state: 'absent' }, {}, []],
    [{ state: 'absent' }, { have: installed }, ['nginx 1.26.3-3 -> absent']],
    [{ state: 'absent' }, { have: { ...installed, status: 'config-files' } }, []],
    [
      { state: 'absent', purge: true },
      { have: { ...installed, status: 'config-files' } },
      ['nginx absent -> purged'],
    ],
    [{ only_upgrade: true }, {}, []],
  ];
  test.each(cases)('%j of %j', (args, have, expected) => {
    const state = { items: [item(have)], upgrades: [], unneeded: [], lists: undefined };
    expect(shown(aptChanges(aptWish(apt.params.parse({ name: 'nginx', ...args })), state))).toEqual(expected);
  });

  test.each([
    [{ cache_valid_time: 3600 }, { now: 5000, updated: 4000, sourcesChanged: 0 }, []],
    [
      { cache_valid_time: 3600 },
      { now: 9000, updated: 4000, sourcesChanged: 0 },
      ['package lists 5000 s old -> updated'],
    ],
    [
      { cache_valid_time: 3600 },
      { now: 5000, updated: 4000, sourcesChanged: 4500 },
      ['package lists older than the sources -> updated'],
    ],
    [
      { cache_valid_time: 3600 },
      { now: 5000, updated: 0, sourcesChanged: 0 },
      ['package lists never fetched -> updated'],
    ],
  ])('update_cache with %j and lists %j', (args, lists, expected) => {
    const want = apt.params.parse({ update_cache: true, ...args });
    expect(shown(aptChanges(aptWish(want), { items: [], upgrades: [], unneeded: [], lists }))).toEqual(
      expected,
    );
  });

  test.each([
    {},
    { name: '-rf' },
    { name: 'nginx; id' },
    { name: 'UPPER' },
    { name: 'a', deb: '/x.deb', state: 'absent' },
  ])('refuses %j', (args) => {
    expect(apt.params.safeParse(args).success).toBe(false);
  });

  test('gives the same text for the same work, so that a run finds the job of the one before', () => {
    const want = apt.params.parse({ name: ['nginx', 'cron'] });
    const script = () => aptScript({ update: 'unknown', install: want.name! }, want).text;
    expect(script()).toBe(script());
    expect(script()).toContain('-- nginx cron');
    expect(script()).toContain('DPkg::Lock::Timeout=600');
  });
});

describe('user', () => {
  const there = {
    name: 'deploy',
    uid: 1001,
    gid: 1001,
    comment: '',
    home: '/home/deploy',
    shell: '/bin/sh',
    homeExists: true,
  };
  const groups = [
    { name: 'deploy', gid: 1001, members: [] },
    { name: 'sudo', gid: 27, members: ['deploy'] },
    { name: 'adm', gid: 4, members: ['deploy', 'bob'] },
  ];
  const cases: [Record<string, unknown>, Record<string, unknown>, string[]][] = [
    [{}, {}, []],
    [{}, { user: undefined }, ['state absent -> present']],
    [{ state: 'absent' }, {}, ['state present -> absent']],
    [{ group: 'deploy', uid: '1001', shell: '/bin/sh' }, {}, []],
    [{ group: '1001' }, {}, []],
    [{ groups: 'adm,sudo' }, {}, []],
    [{ groups: ['sudo', 'deploy'] }, {}, ['groups adm,sudo -> sudo']],
    [{ groups: ['sudo'], append: true }, {}, []],
    [{ groups: [] }, {}, ['groups adm,sudo -> ']],
    [{ shell: '/bin/bash' }, {}, ['shell /bin/sh -> /bin/bash']],
    [{}, { homeExists: false }, ['home directory absent -> /home/deploy']],
    [{ create_home: false }, { homeExists: false }, []],
    [{ password: '$6$aa$bb' }, { hash: '$6$aa$bb' }, []],
    [{ password: '$6$aa$bb' }, { hash: '!$6$aa$bb' }, []],
    [{ password: '$6$aa$bb' }, { hash: '!' }, ['password ******** -> ********']],
    [{ password: '$6$aa$bb', update_password: 'on_create' }, { hash: '!' }, []],
    [{ password_lock: true }, { hash: '$6$aa$bb' }, ['password_lock false -> true']],
  ];
  test.each(cases)('%j of %j', (args, have, expected) => {
    const want = user.params.parse({ name: 'deploy', ...args });
    expect(
      shown(user.diff(want, { user: there, groups, homeExists: true, hash: undefined, ...have })),
    ).toEqual(expected);
  });
});

describe('authorized keys', () => {
  const one = 'ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIMowdxgI6gtFoXNIgVKPucIqQH4hGLrjYZ8S/Q9HYt1h';
  const two = 'ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIGkxyD4vrZUB2luvriL1gOJAsKY1looztwNt3bhy0HZU';
  const key = (line: string) => parseKeyLine(line)!;

  test.each([
    one,
    `${one} a comment`,
    `no-pty,from="10.0.0.1, x" ${one}`,
    `command="echo \\"hi there\\"" ${one} me`,
  ])('reads and writes %s', (line) => {
    expect(formatKey(key(line))).toBe(line);
  });

  test.each(['', '# comment', 'junk', 'ssh-rsa AAAAC3NzaC1lZDI1NTE5AAAA', `ssh-rsa ${one.split(' ')[1]}`])(
    'takes %j for no key',
    (line) => {
      expect(parseKeyLine(line)).toBeUndefined();
    },
  );

  const cases: [string, string, Partial<Parameters<typeof editKeys>[1]>, string][] = [
    ['an empty file', '', {}, `${one} me\n`],
    ['the key there', `${one} me\n`, {}, `${one} me\n`],
    ['the key there with spaces', `  ${one}   me\n`, {}, `  ${one}   me\n`],
    ['another comment', `${one} you\n${two}\n`, {}, `${one} me\n${two}\n`],
    ['no end of line', two, {}, `${two}\n${one} me\n`],
    ['the key twice', `${one} me\n${one} me\n`, {}, `${one} me\n`],
    ['comments and junk', '# mine\njunk\n', {}, `# mine\njunk\n${one} me\n`],
    ['others, exclusive', `# mine\n${two}\n`, { exclusive: true }, `# mine\n${one} me\n`],
    ['absent', `${two}\n${one} me\n`, { state: 'absent' }, `${two}\n`],
    ['absent already', `${two}\n`, { state: 'absent' }, `${two}\n`],
  ];
  test.each(cases)('with %s', (_name, content, change, expected) => {
    const want = { keys: [key(`${one} me`)], state: 'present' as const, exclusive: false, ...change };
    expect(editKeys(content, want)).toBe(expected);
    expect(editKeys(expected, want)).toBe(expected);
  });
});

describe('deb822_repository', () => {
  test('writes what sources.list(5) reads', () => {
    expect(
      sourceText({
        name: 'sid',
        types: ['deb', 'deb-src'],
        uris: ['http://m/debian'],
        suites: ['sid'],
        components: ['main'],
        signed_by: '/k.gpg',
        enabled: false,
      }),
    ).toBe(
      'Components: main\nEnabled: no\nX-Repolib-Name: sid\nSigned-By: /k.gpg\nSuites: sid\nTypes: deb deb-src\nURIs: http://m/debian\n',
    );
  });

  test('puts an armored key into the field', () => {
    const armored = '-----BEGIN PGP PUBLIC KEY BLOCK-----\n\nmQIN\n-----END PGP PUBLIC KEY BLOCK-----\n';
    expect(
      sourceText({ name: 'x', types: ['deb'], uris: ['u'], suites: ['s/'], signed_by: armored }),
    ).toContain(
      'Signed-By:\n    -----BEGIN PGP PUBLIC KEY BLOCK-----\n    .\n    mQIN\n    -----END PGP PUBLIC KEY BLOCK-----\n',
    );
  });

  test('names its file as Ansible does', () => {
    const want = deb822.params.parse({
      name: 'Debian_sid (test)',
      uris: 'http://m',
      suites: 'sid',
      components: 'main',
    });
    expect(
      deb822.result?.(want, { content: '', mode: 0o644, keyFile: undefined, keyFiles: [] }),
    ).toMatchObject({
      dest: '/etc/apt/sources.list.d/debian-sid-test.sources',
    });
  });

  test.each([
    { name: 'x' },
    { name: '()', uris: 'u', suites: 's', components: 'c' },
    { name: 'x', uris: 'u', suites: 's' },
    { name: 'x', uris: 'u', suites: 's/', components: 'c' },
  ])('refuses %j', (args) => {
    expect(deb822.params.safeParse(args).success).toBe(false);
  });
});
