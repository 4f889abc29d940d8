import { readFileSync, writeFileSync } from 'node:fs';
import { expect } from 'vitest';
import type { Example } from './example.ts';

export default [
  {
    name: 'a file that differs',
    setup: (bench) => writeFileSync(bench.at('x'), 'a\n'),
    params: (bench) => ({ path: bench.at('x'), block: 'b', marker: '# {mark}' }),
    proof: (bench) => expect(readFileSync(bench.at('x'), 'utf8')).toBe('a\n# BEGIN\nb\n# END\n'),
  },
] satisfies Example[];
