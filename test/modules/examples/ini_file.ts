import { readFileSync, writeFileSync } from 'node:fs';
import { expect } from 'vitest';
import type { Example } from './example.ts';

export default [
  {
    name: 'an option that is commented out',
    setup: (bench) => writeFileSync(bench.at('x.ini'), '[a]\n;x = 1\ny = 2\n[b]\n'),
    params: (bench) => ({ path: bench.at('x.ini'), section: 'a', option: 'x', value: 5 }),
    proof: (bench) => expect(readFileSync(bench.at('x.ini'), 'utf8')).toBe('[a]\nx = 5\ny = 2\n[b]\n'),
  },
  {
    name: 'a file in a directory that is not there',
    params: (bench) => ({
      path: bench.at('new/x.ini'),
      section: 'a',
      option: 'x',
      value: true,
      no_extra_spaces: true,
      mode: '0600',
    }),
    // The empty line is Ansible's.
    proof: (bench) => expect(readFileSync(bench.at('new/x.ini'), 'utf8')).toBe('\n[a]\nx=True\n'),
  },
] satisfies Example[];
