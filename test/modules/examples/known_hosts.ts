import { readFileSync, writeFileSync } from 'node:fs';
import { expect } from 'vitest';
import type { Example } from './example.ts';

const key = 'ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIGtv2eG1Bx2yYV7zu5tmRXvxvQ1q0cb4cW6OzyYNsMFF';
const other = 'ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIGtv2eG1Bx2yYV7zu5tmRXvxvQ1q0cb4cW6OzyYNsMFG';

export default [
  {
    name: 'a key that changed',
    setup: (bench) => writeFileSync(bench.at('known'), `# mine\na.org ${other}\nb.org ${key}\n`),
    params: (bench) => ({ path: bench.at('known'), name: 'A.org', key: `a.org ${key}` }),
    proof: (bench) =>
      expect(readFileSync(bench.at('known'), 'utf8')).toBe(`# mine\nb.org ${key}\na.org ${key}\n`),
  },
  {
    name: 'a hashed name',
    params: (bench) => ({
      path: bench.at('known'),
      name: '[a.org]:2222',
      key: `[a.org]:2222 ${key}`,
      hash_host: true,
    }),
    proof: (bench) =>
      expect(readFileSync(bench.at('known'), 'utf8')).toMatch(/^\|1\|\S+=\|\S+= ssh-ed25519 /),
  },
  {
    name: 'a key that is to go',
    setup: (bench) => writeFileSync(bench.at('known'), `a.org ${key}\nb.org ${key}\n`),
    params: (bench) => ({ path: bench.at('known'), name: 'a.org', key: `a.org ${key}`, state: 'absent' }),
    proof: (bench) => expect(readFileSync(bench.at('known'), 'utf8')).toBe(`b.org ${key}\n`),
  },
] satisfies Example[];
