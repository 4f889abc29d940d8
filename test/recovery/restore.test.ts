import { describe, expect, it } from 'vitest';
import { type Holding, permitRestore } from '../../src/recovery/restore.ts';

const holdings: Holding[] = [
  { name: 'db1', kind: 'data', what: 'the data of this site, and takes writes' },
  { name: 'db2', kind: 'bare', what: 'no data' },
  { name: 'db3', kind: 'begun', what: 'what an unfinished restore left' },
];

describe('a restore', () => {
  it('covers no living data that was not named', () => {
    expect(() => permitRestore(holdings, [])).toThrow(
      'there is living data: db1 holds the data of this site, and takes writes',
    );
    expect(() => permitRestore(holdings, ['db2'])).toThrow('living data');
    expect(() => permitRestore(holdings, ['db1'])).not.toThrow();
  });

  it('goes on after one that did not come to its end', () => {
    expect(() => permitRestore(holdings.slice(1), [])).not.toThrow();
  });

  it('does not begin while a server cannot be asked, whatever was named', () => {
    const silent: Holding = { name: 'db4', kind: 'unreachable', what: 'connect ECONNREFUSED' };
    expect(() => permitRestore([...holdings, silent], ['db1', 'db4'])).toThrow('db4: connect ECONNREFUSED');
  });

  it('knows a name that is written wrong', () => {
    expect(() => permitRestore(holdings, ['db1', 'web9'])).toThrow('web9 is no database server');
  });
});
