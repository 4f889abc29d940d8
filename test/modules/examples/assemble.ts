import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { expect } from 'vitest';
import type { Bench } from '../harness.ts';
import type { Example } from './example.ts';

function fragments(bench: Bench): void {
  mkdirSync(bench.at('parts'));
  writeFileSync(bench.at('parts/b'), 'two\n');
  writeFileSync(bench.at('parts/a'), 'one');
  writeFileSync(bench.at('parts/.c'), 'hidden');
}

export default [
  {
    name: 'fragments of the host',
    setup: fragments,
    params: (bench) => ({
      src: bench.at('parts'),
      dest: bench.at('x'),
      ignore_hidden: true,
      delimiter: '#\\x20-',
      mode: '0600',
    }),
    proof: (bench) => expect(readFileSync(bench.at('x'), 'utf8')).toBe('one\n# -\ntwo\n'),
  },
  {
    name: 'fragments of the controller, where Ansible ends every delimiter twice',
    setup: fragments,
    params: (bench) => ({
      src: 'parts',
      dest: bench.at('x'),
      remote_src: false,
      regexp: '^[ab]$',
      delimiter: '--\\n',
    }),
    proof: (bench) => expect(readFileSync(bench.at('x'), 'utf8')).toBe('one\n--\n\ntwo\n'),
  },
] satisfies Example[];
