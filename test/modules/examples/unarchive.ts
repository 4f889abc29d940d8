import { execFileSync } from 'node:child_process';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { expect } from 'vitest';
import type { Example } from './example.ts';

export default [
  {
    name: 'an archive',
    setup: (bench) => {
      mkdirSync(bench.at('out'));
      writeFileSync(bench.at('f'), 'packed');
      execFileSync('tar', ['-C', bench.folder, '-czf', bench.at('x.tgz'), 'f']);
    },
    params: (bench) => ({ src: 'x.tgz', dest: bench.at('out') }),
    proof: (bench) => expect(readFileSync(bench.at('out/f'), 'utf8')).toBe('packed'),
  },
] satisfies Example[];
