import { readFileSync, writeFileSync } from 'node:fs';
import { expect } from 'vitest';
import type { Example } from './example.ts';

export default [
  {
    name: 'a new file',
    params: (bench) => ({ dest: bench.at('x'), content: 'a\n', mode: '0600' }),
    proof: (bench) => expect(readFileSync(bench.at('x'), 'utf8')).toBe('a\n'),
  },
  {
    name: 'a file that differs',
    setup: (bench) => writeFileSync(bench.at('x'), 'old'),
    params: (bench) => ({ dest: bench.at('x'), content: 'new' }),
    proof: (bench) => expect(readFileSync(bench.at('x'), 'utf8')).toBe('new'),
  },
] satisfies Example[];
