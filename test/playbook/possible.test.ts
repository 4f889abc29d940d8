import { mkdirSync, mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { describe, expect, it } from 'vitest';
import type { Task } from '../../src/playbook/contract.ts';
import { patternOf, possibleNames } from '../../src/playbook/possible.ts';

const folder = mkdtempSync(join(tmpdir(), 'possible-'));
for (const name of ['setup-Debian.yml', 'setup-RedHat.yml', 'Debian.yml', 'deep/more-x.yml', 'deep/no.txt']) {
  mkdirSync(dirname(join(folder, name)), { recursive: true });
  writeFileSync(join(folder, name), '');
}

const task = (loop?: Task['loop'], loopVar = 'item') =>
  ({ ...(loop === undefined ? {} : { loop }), loopControl: { loopVar } }) as Task;

describe('the files that a name may mean', () => {
  it.each([
    ['setup.yml', task(), { names: ['setup.yml'], sure: 'one' }],
    ['setup-{{ os }}.yml', task(), { names: ['setup-Debian.yml', 'setup-RedHat.yml'], sure: 'some' }],
    ['deep/more-{{ x }}.yml', task(), { names: ['deep/more-x.yml'], sure: 'some' }],
    ['{{ os }}.yml', task(), { names: ['Debian.yml', 'setup-Debian.yml', 'setup-RedHat.yml'], sure: 'any' }],
    ['{{ item }}.yml', task({ value: ['a', 'b'] }), { names: ['a.yml', 'b.yml'], sure: 'one' }],
    ['{{ name }}', task({ value: ['a.yml'] }, 'name'), { names: ['a.yml'], sure: 'one' }],
    [
      '{{ item }}',
      task({ lookup: 'first_found', value: [{ files: ['setup-{{ os }}.yml', 'no.yml'] }] }),
      { names: ['setup-Debian.yml', 'setup-RedHat.yml'], sure: 'some' },
    ],
  ])('%s', (written, of, expected) => expect(possibleNames(of, written, [folder])).toEqual(expected));
});

it.each([
  ['{{ a }}', undefined],
  ['{{ a }}.yml', undefined],
  ['vars/{{ a }}.yml', /^vars\/.*\.yml$/],
  ['{{ a }}-{{ b }}.yml', /^.*-.*\.yml$/],
])('%s is the pattern %s', (text, pattern) => expect(patternOf(text)).toEqual(pattern));
