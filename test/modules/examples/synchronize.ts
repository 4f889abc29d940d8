import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { expect } from 'vitest';
import type { Example } from './example.ts';

export default [
  {
    name: 'a tree, and nothing else where it goes',
    setup: (bench) => {
      mkdirSync(bench.at('from/sub'), { recursive: true });
      mkdirSync(bench.at('to'));
      writeFileSync(bench.at('from/sub/f'), 'kept');
      writeFileSync(bench.at('to/stray'), 'gone');
    },
    params: (bench) => ({ src: `${bench.at('from')}/`, dest: bench.at('to'), delete: true }),
    proof: (bench) => {
      expect(readFileSync(bench.at('to/sub/f'), 'utf8')).toBe('kept');
      expect(existsSync(bench.at('to/stray'))).toBe(false);
    },
  },
] satisfies Example[];
