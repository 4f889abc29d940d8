import { readFileSync, writeFileSync } from 'node:fs';
import { expect } from 'vitest';
import type { Example } from './example.ts';

export default [
  {
    name: 'a setting in a file',
    setup: (bench) => writeFileSync(bench.at('x.conf'), 'vm.swappiness=1\n'),
    params: (bench) => ({
      name: 'vm.overcommit_memory',
      value: 1,
      sysctl_file: bench.at('x.conf'),
      reload: 'no',
    }),
    proof: (bench) =>
      expect(readFileSync(bench.at('x.conf'), 'utf8')).toBe('vm.swappiness=1\nvm.overcommit_memory=1\n'),
  },
] satisfies Example[];
