import { readFileSync, writeFileSync } from 'node:fs';
import { expect } from 'vitest';
import type { Example } from './example.ts';

export default [
  {
    name: 'a file under the name of its host',
    setup: (bench) => writeFileSync(bench.at('x'), 'fetched'),
    params: (bench) => ({ src: bench.at('x'), dest: bench.at('here') }),
    proof: (bench) =>
      expect(readFileSync(`${bench.at('here')}/${bench.host.name}${bench.at('x')}`, 'utf8')).toBe('fetched'),
  },
  {
    name: 'a file that differs, flat, with bytes that are no text',
    setup: (bench) => {
      writeFileSync(bench.at('x'), Buffer.from([0, 255, 10]));
      writeFileSync(bench.at('y'), 'old');
    },
    params: (bench) => ({ src: bench.at('x'), dest: bench.at('y'), flat: true }),
    proof: (bench) => expect([...readFileSync(bench.at('y'))]).toEqual([0, 255, 10]),
  },
] satisfies Example[];
