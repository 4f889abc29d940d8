import { describe, expect, it } from 'vitest';
import type { Member } from '../../src/mysql/cluster.ts';
import { type Holding, judgeHolding, permitRestore } from '../../src/recovery/restore.ts';

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

describe('the note of an unfinished restore', () => {
  const silent = { name: 'db1', address: '198.18.0.11', reason: 'MySQL does not answer', stopped: true };

  it('makes what is left free to go', () => {
    expect(judgeHolding('db1', ['begun'], undefined).kind).toBe('begun');
    expect(judgeHolding('db1', ['begun', 'data'], silent).kind).toBe('begun');
  });

  it('counts for nothing where MySQL has served since', () => {
    expect(judgeHolding('db1', ['begun', 'data', 'served'], silent)).toMatchObject({
      kind: 'data',
      dead: true,
    });
  });

  it('counts for nothing where MySQL answers with data', () => {
    const server = { channels: [{}], readOnly: false } as unknown as Member['server'];
    const member = { name: 'db1', address: '198.18.0.11', server } as Member;
    expect(judgeHolding('db1', ['begun', 'data'], member)).toMatchObject({ kind: 'data' });
  });
});

it('takes files without a MySQL for data, of which somebody has to say that they may go', () => {
  const silent = { name: 'db1', address: '198.18.0.11', reason: 'MySQL is not installed', stopped: true };
  const dead = judgeHolding('db1', ['data'], silent);
  expect(dead).toMatchObject({ kind: 'data', dead: true });
  expect(() => permitRestore([dead], [])).toThrow('data of a MySQL that does not answer');
  expect(() => permitRestore([dead], ['db1'])).not.toThrow();
  expect(judgeHolding('db1', [], undefined).kind).toBe('bare');
});
