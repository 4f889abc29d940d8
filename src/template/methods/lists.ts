import { TaskFailure } from '../../errors.ts';
import { compare, equals } from '../comparison.ts';
import { isTrue, iterate, repr } from '../python.ts';
import { type Methods, takes } from './contract.ts';

function position(self: readonly unknown[], value: unknown, what: string): number {
  const index = self.findIndex((each) => equals(each, value));
  if (index < 0) throw new TaskFailure(`${repr(value)} is not in ${what}`);
  return index;
}

const looking = {
  index: takes<unknown[]>('value!', (self, [value]) => position(self, value, 'list')),
  count: takes<unknown[]>('value!', (self, [value]) => self.filter((each) => equals(each, value)).length),
};

export const tuples: Methods<unknown[]> = looking;

export const lists: Methods<unknown[]> = {
  ...looking,
  append: takes('value!', (self, [value]) => {
    self.push(value);
    return null;
  }),
  extend: takes('values!', (self, [values]) => {
    self.push(...iterate(values));
    return null;
  }),
  insert: takes('index! value!', (self, [index, value]) => {
    self.splice(Number(index), 0, value);
    return null;
  }),
  pop: takes('index', (self, [index]) => {
    if (self.length === 0) throw new TaskFailure('pop from empty list');
    const at = Number(index ?? -1);
    if (at >= self.length || at < -self.length) throw new TaskFailure('pop index out of range');
    return self.splice(at, 1)[0];
  }),
  remove: takes('value!', (self, [value]) => {
    self.splice(position(self, value, 'list'), 1);
    return null;
  }),
  clear: takes('', (self) => {
    self.length = 0;
    return null;
  }),
  copy: takes('', (self) => [...self]),
  reverse: takes('', (self) => {
    self.reverse();
    return null;
  }),
  sort: takes('key reverse', (self, [, reverse]) => {
    self.sort((left, right) => (isTrue(reverse ?? false) ? compare(right, left) : compare(left, right)));
    return null;
  }),
};
