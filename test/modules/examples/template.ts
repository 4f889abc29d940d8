import { readFileSync, writeFileSync } from 'node:fs';
import { expect } from 'vitest';
import type { Example } from './example.ts';

export default [
  {
    name: 'a new file',
    setup: (bench) => writeFileSync(bench.at('x.j2'), 'rendered\n'),
    params: (bench) => ({ src: 'x.j2', dest: bench.at('x') }),
    proof: (bench) => expect(readFileSync(bench.at('x'), 'utf8')).toBe('rendered\n'),
  },
] satisfies Example[];
