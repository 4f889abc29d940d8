import { readFileSync, writeFileSync } from 'node:fs';
import { expect } from 'vitest';
import type { Example } from './example.ts';

const fstab = '# static\nUUID=1 / ext4 defaults 0 1\n/dev/sdb1 /mnt/a xfs defaults 0 0 # old';

export default [
  {
    name: 'an entry of fstab',
    setup: (bench) => writeFileSync(bench.at('fstab'), fstab),
    params: (bench) => ({
      path: '/mnt/a b',
      src: '/dev/sdc1',
      fstype: 'ext4',
      opts: 'noatime',
      boot: false,
      state: 'present',
      fstab: bench.at('fstab'),
    }),
    proof: (bench) =>
      expect(readFileSync(bench.at('fstab'), 'utf8')).toBe(
        `${fstab}\n/dev/sdc1 /mnt/a\\040b ext4 noatime,noauto 0 0\n`,
      ),
  },
  {
    name: 'a fstab that is not there yet',
    params: (bench) => ({
      path: '/mnt/x',
      src: 'tmpfs',
      fstype: 'tmpfs',
      state: 'present',
      fstab: bench.at('new/fstab'),
    }),
    proof: (bench) =>
      expect(readFileSync(bench.at('new/fstab'), 'utf8')).toBe('tmpfs /mnt/x tmpfs defaults 0 0\n'),
  },
  {
    name: 'an entry too many',
    setup: (bench) => writeFileSync(bench.at('fstab'), '\n/dev/sdb1 /mnt/none-such xfs defaults 0 0\n# end'),
    params: (bench) => ({ path: '/mnt/none-such', state: 'absent', fstab: bench.at('fstab') }),
    proof: (bench) => expect(readFileSync(bench.at('fstab'), 'utf8')).toBe('\n# end'),
  },
] satisfies Example[];
