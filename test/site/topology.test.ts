import { describe, expect, it } from 'vitest';
import { chooseRoles, isReadOnly, isServerError, type Observation } from '../../site/topology.ts';

const writable = (name: string): Observation => ({ name, state: 'writable' });
const readOnly = (name: string): Observation => ({ name, state: 'read-only' });
const down = (name: string): Observation => ({ name, state: 'down', reason: 'gone' });

describe('who takes writes', () => {
  it.each<[string, Observation[], string | undefined, string | undefined, string[]]>([
    ['the one that accepts them', [writable('a'), readOnly('b')], undefined, 'a', ['b']],
    ['a new one after a promotion', [readOnly('a'), writable('b')], 'a', 'b', ['a']],
    ['nobody while all are read-only', [readOnly('a'), readOnly('b')], 'a', undefined, ['a', 'b']],
    ['nobody when all are down', [down('a'), down('b')], 'a', undefined, []],
    ['the one in use when an old primary comes back writable', [writable('a'), writable('b')], 'b', 'b', []],
    [
      'nobody when two are writable and none was in use',
      [writable('a'), writable('b')],
      undefined,
      undefined,
      [],
    ],
    [
      'nobody when two are writable and the one in use is down',
      [writable('a'), writable('b'), down('c')],
      'c',
      undefined,
      [],
    ],
  ])('%s', (_, seen, current, primary, replicas) => {
    const topology = chooseRoles(seen, current);
    expect(topology).toMatchObject({ primary, replicas });
    expect(topology.problem === undefined).toBe(primary !== undefined);
  });

  it('names both servers when two accept writes', () => {
    expect(chooseRoles([writable('a'), writable('b')], undefined).problem).toBe('a and b both accept writes');
  });
});

describe('errors of MySQL', () => {
  it.each([
    [{ errno: 1290, sqlState: 'HY000' }, true, true],
    [{ errno: 1836, sqlState: 'HY000' }, true, true],
    [{ errno: 1146, sqlState: '42S02' }, false, true],
    [{ errno: 1040, sqlState: '08004' }, false, false],
    [{ errno: 1053, sqlState: '08S01' }, false, false],
    [{ code: 'PROTOCOL_CONNECTION_LOST' }, false, false],
    [{ code: 'ECONNREFUSED', errno: -111 }, false, false],
    [undefined, false, false],
  ])('%j', (error, refusedWrite, answeredByServer) => {
    expect(isReadOnly(error)).toBe(refusedWrite);
    expect(isServerError(error)).toBe(answeredByServer);
  });
});
