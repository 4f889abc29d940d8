import { readFileSync, statSync, writeFileSync } from 'node:fs';
import { expect } from 'vitest';
import type { Example } from './example.ts';

export default [
  {
    name: 'a new file',
    params: (bench) => ({ path: bench.at('new/x'), name: 'bob', password: 'Tr0ub4dor', mode: '0640' }),
    proof: (bench) => {
      expect(readFileSync(bench.at('new/x'), 'utf8')).toMatch(/^bob:\$apr1\$.{8}\$.{22}\n$/);
      expect(statSync(bench.at('new/x')).mode & 0o777).toBe(0o640);
    },
  },
  {
    name: 'another password, in place, with a hash of crypt(3)',
    setup: (bench) => writeFileSync(bench.at('x'), '# c\nbob:x\n\neve:y\n'),
    params: (bench) => ({
      path: bench.at('x'),
      name: 'bob',
      password: 'Tr0ub4dor',
      crypt_scheme: 'sha512_crypt',
    }),
    proof: (bench) =>
      expect(readFileSync(bench.at('x'), 'utf8')).toMatch(
        /^# c\nbob:\$6\$rounds=656000\$.{16}\$.{86}\neve:y\n$/,
      ),
  },
  {
    name: 'a user that is to go',
    setup: (bench) => writeFileSync(bench.at('x'), 'bob:x\neve:y\n'),
    params: (bench) => ({ path: bench.at('x'), name: 'bob', state: 'absent' }),
    proof: (bench) => expect(readFileSync(bench.at('x'), 'utf8')).toBe('eve:y\n'),
  },
] satisfies Example[];
