import { execFileSync } from 'node:child_process';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { expect } from 'vitest';
import type { Example } from './example.ts';

export default [
  {
    name: 'a repository',
    setup: (bench) => {
      mkdirSync(bench.at('origin'));
      writeFileSync(bench.at('origin/f'), 'kept');
      const author = ['-c', 'user.name=t', '-c', 'user.email=t@example.org'];
      for (const args of [
        ['init', '-q'],
        ['add', 'f'],
        [...author, 'commit', '-qm', 'f'],
      ])
        execFileSync('git', args, { cwd: bench.at('origin'), stdio: 'ignore' });
    },
    params: (bench) => ({ repo: bench.at('origin'), dest: bench.at('out') }),
    proof: (bench) => expect(readFileSync(bench.at('out/f'), 'utf8')).toBe('kept'),
  },
] satisfies Example[];
