import { expect, it } from 'vitest';
import { contentsOf, coverage } from '../../src/commands/backup.ts';

it('reads what a copy of the data holds', () => {
  const printed =
    'gtid\t2af9bee2-e744-11f1-97fe-665c4021612e:1-15\nfoobar\tcluster\t0\nfoobar.cluster\t0\nsite\tvisits\t123\nsite.visits\t24542338\n';
  expect(contentsOf(printed)).toEqual([
    { table: 'foobar.cluster', rows: '0', checksum: '0' },
    { table: 'site.visits', rows: '123', checksum: '24542338' },
  ]);
  expect(contentsOf('gtid\t\n')).toEqual([]);
});

it('tells the whole seconds that can be gone back to', () => {
  expect(coverage([{ from: 100_200_000, to: 100_900_000 }])).toEqual([
    'there is no second that can be gone back to',
  ]);
  const [head, stretch] = coverage([{ from: 99_000_001, to: 100_900_000 }]);
  expect(head).toBe('any second can be gone back to');
  expect(stretch).toContain('1970-01-01');
  expect(stretch).toContain(':01:40 ');
});
