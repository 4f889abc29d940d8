import { expect, test } from 'vitest';
import { findMirror } from '../../src/lab/mirror.ts';

const archive = 'http://mirror.example/debian';
const security = 'http://mirror.example/debian-security';

test.each([
  ['one line', 'sources.list', `deb ${archive} bookworm main contrib\n`, { archive, security: undefined }],
  [
    'one-line options, comments and a trailing slash',
    'sources.list',
    `# deb http://old.example/debian bookworm main\ndeb [arch=amd64 signed-by=/k.gpg] ${archive}/ trixie main # ours\n`,
    { archive, security: undefined },
  ],
  [
    'deb822 with several stanzas',
    'sources.list.d/debian.sources',
    `Types: deb deb-src\nURIs: ${archive}\nSuites: bookworm bookworm-updates\nComponents: main\n\n# security\nTypes: deb\nURIs: ${security}\nSuites: bookworm-security\nComponents: main\n`,
    { archive, security },
  ],
  [
    'deb822 with folded fields and a comment in between',
    'a.sources',
    `Types: deb\nURIs:\n ${archive}\n# note\nSuites:\n bookworm\nComponents: main\n`,
    { archive, security: undefined },
  ],
  [
    'security first',
    'sources.list',
    `deb ${security} x-security main\ndeb ${archive} x main\n`,
    { archive, security },
  ],
  [
    'https',
    'sources.list',
    'deb https://m.example/pub/debian x main',
    { archive: 'https://m.example/pub/debian', security: undefined },
  ],
])('%s', (_, name, text, expected) => {
  expect(findMirror([{ name, text }])).toEqual(expected);
});

test.each([
  [
    'a disabled stanza',
    'a.sources',
    `Enabled: no\nTypes: deb\nURIs: ${archive}\nSuites: x\nComponents: main\n`,
  ],
  ['sources only', 'sources.list', `deb-src ${archive} x main\n`],
  ['another component', 'sources.list', `deb ${archive} x contrib\n`],
  ['a disc', 'sources.list', 'deb cdrom:[Debian]/ x main\n'],
  ['somebody else', 'sources.list', 'deb https://packages.example/apt stable main\n'],
])('finds no archive in %s', (_, name, text) => {
  expect(findMirror([{ name, text }])).toBeUndefined();
});

test('looks through all files', () => {
  const files = [
    { name: 'sources.list', text: '' },
    { name: 'other.list', text: 'deb https://packages.example/apt stable main\n' },
    { name: 'debian.sources', text: `Types: deb\nURIs: ${archive}\nSuites: x\nComponents: main\n` },
    { name: 'security.list', text: `deb ${security} x-security main\n` },
  ];
  expect(findMirror(files)).toEqual({ archive, security });
});
