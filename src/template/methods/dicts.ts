import { TaskFailure } from '../../errors.ts';
import { dictFrom, entriesOf, findKey, keysOf, makeDict, put } from '../keys.ts';
import { type Dict, iterate, repr, Tuple } from '../python.ts';
import { type Methods, takes, takesAny } from './contract.ts';

export const dicts: Methods<Dict> = {
  items: takes('', (self) => entriesOf(self).map(([key, value]) => Tuple.of(key, value))),
  keys: takes('', (self) => keysOf(self)),
  values: takes('', (self) => Object.values(self)),
  get: takes('key! default', (self, [key, otherwise]) => {
    const name = findKey(self, key);
    return name === undefined ? (otherwise ?? null) : self[name];
  }),
  update: takesAny((self, [other], named) => {
    for (const [key, value] of other === undefined ? [] : entriesOf(dictFrom(other))) put(self, key, value);
    for (const [key, value] of Object.entries(named)) put(self, key, value);
    return null;
  }),
  setdefault: takes('key! default', (self, [key, value]) => {
    const name = findKey(self, key);
    if (name !== undefined) return self[name];
    put(self, key, value ?? null);
    return value ?? null;
  }),
  pop: takes('key! default', (self, args) => {
    const name = findKey(self, args[0]);
    if (name === undefined) {
      if (args.length > 1) return args[1];
      throw new TaskFailure(repr(args[0]));
    }
    const value = self[name];
    delete self[name];
    return value;
  }),
  popitem: takes('', (self) => {
    const last = entriesOf(self).at(-1);
    if (!last) throw new TaskFailure('popitem(): dictionary is empty');
    delete self[findKey(self, last[0])!];
    return Tuple.of(...last);
  }),
  clear: takes('', (self) => {
    for (const key of Object.keys(self)) delete self[key];
    return null;
  }),
  copy: takes('', (self) => ({ ...self })),
  fromkeys: takes('keys! value', (_self, [keys, value]) =>
    makeDict(iterate(keys).map((key) => [key, value ?? null] as const)),
  ),
};
