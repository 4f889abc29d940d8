import { readFileSync, writeFileSync } from 'node:fs';
import { expect } from 'vitest';
import type { Example } from './example.ts';

export default [
  {
    name: 'a file that differs',
    setup: (bench) => writeFileSync(bench.at('x'), 'a\n'),
    params: (bench) => ({ path: bench.at('x'), regexp: 'a', replace: 'b' }),
    proof: (bench) => expect(readFileSync(bench.at('x'), 'utf8')).toBe('b\n'),
  },
] satisfies Example[];
