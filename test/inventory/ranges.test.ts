import { expect, it } from 'vitest';
import { expandRange } from '../../src/inventory/ranges.ts';

it.each([
  ['web1', ['web1']],
  ['web[1:3]', ['web1', 'web2', 'web3']],
  ['web[01:03].example.com', ['web01.example.com', 'web02.example.com', 'web03.example.com']],
  ['web[08:11]', ['web08', 'web09', 'web10', 'web11']],
  ['db-[a:c]', ['db-a', 'db-b', 'db-c']],
  ['[1:9:4]', ['1', '5', '9']],
  ['r[1:2]s[a:b]', ['r1sa', 'r1sb', 'r2sa', 'r2sb']],
  ['web[3:1]', undefined],
  ['web[01:3]', undefined],
  ['web[a:3]', undefined],
  ['web[1]', undefined],
  ['web[1:2', undefined],
])('%s', (name, names) => expect(expandRange(name)).toEqual(names));
