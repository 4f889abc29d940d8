import { existsSync, mkdirSync, readlinkSync, statSync, writeFileSync } from 'node:fs';
import { expect } from 'vitest';
import type { Example } from './example.ts';

export default [
  {
    name: 'directories',
    params: (bench) => ({ path: bench.at('a/b'), state: 'directory', mode: 'u=rwx,go=' }),
    proof: (bench) => expect(statSync(bench.at('a/b')).mode & 0o7777).toBe(0o700),
  },
  {
    name: 'a link',
    params: (bench) => ({ path: bench.at('l'), src: '/etc', state: 'link' }),
    proof: (bench) => expect(readlinkSync(bench.at('l'))).toBe('/etc'),
  },
  {
    name: 'nothing',
    setup: (bench) => {
      mkdirSync(bench.at('d'));
      writeFileSync(bench.at('d/f'), '');
    },
    params: (bench) => ({ path: bench.at('d'), state: 'absent' }),
    proof: (bench) => expect(existsSync(bench.at('d'))).toBe(false),
  },
] satisfies Example[];
