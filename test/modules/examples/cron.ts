import { readFileSync, writeFileSync } from 'node:fs';
import { expect } from 'vitest';
import type { Example } from './example.ts';

export default [
  {
    name: 'a job of a new file',
    params: (bench) => ({
      name: 'tidy up',
      job: '/usr/bin/true',
      user: 'root',
      cron_file: bench.at('tab'),
      minute: 5,
      hour: '*/2',
    }),
    proof: (bench) =>
      expect(readFileSync(bench.at('tab'), 'utf8')).toBe(
        '#Ansible: tidy up\n5 */2 * * * root /usr/bin/true\n',
      ),
  },
  {
    name: 'a variable of a file that is there',
    setup: (bench) => writeFileSync(bench.at('tab'), '# mine\nPATH="/bin"\n'),
    params: (bench) => ({
      name: 'MAILTO',
      env: true,
      value: 'ops',
      user: 'root',
      cron_file: bench.at('tab'),
      insertafter: 'PATH',
    }),
    proof: (bench) =>
      expect(readFileSync(bench.at('tab'), 'utf8')).toBe('# mine\nPATH="/bin"\nMAILTO="ops"\n'),
  },
  {
    name: 'the last job of a file, which goes with it',
    setup: (bench) => writeFileSync(bench.at('tab'), '#Ansible: x\n@daily root x\n'),
    params: (bench) => ({ name: 'x', state: 'absent', cron_file: bench.at('tab') }),
    proof: (bench) => expect(() => readFileSync(bench.at('tab'))).toThrow(/ENOENT/),
  },
] satisfies Example[];
