import { TaskFailure } from '../../errors.ts';
import { compare, contains, equals } from '../comparison.ts';
import { type Filters, filter, isUndefined, variadic } from '../environment.ts';
import { entriesOf, findKey, makeDict, put } from '../keys.ts';
import { type Dict, dict, isDict, isTrue, iterate, Tuple, text, typeName } from '../python.ts';

export type ListMerge = 'replace' | 'keep' | 'append' | 'prepend' | 'append_rp' | 'prepend_rp';

const mergeLists: Readonly<Record<ListMerge, (left: unknown[], right: unknown[]) => unknown[]>> = {
  replace: (_left, right) => right,
  keep: (left) => left,
  append: (left, right) => [...left, ...right],
  prepend: (left, right) => [...right, ...left],
  append_rp: (left, right) => [...left.filter((each) => !contains(right, each)), ...right],
  prepend_rp: (left, right) => [...right, ...left.filter((each) => !contains(right, each))],
};

/** Ansible's merge_hash (utils/vars.py): the right one's values count. */
export function merge(left: Dict, right: Dict, recursive: boolean, lists: ListMerge): Dict {
  if (Object.keys(left).length === 0 || equals(left, right)) return { ...right };
  if (Object.keys(right).length === 0) return left;
  const result: Dict = { ...left };
  if (lists === 'replace' && !recursive) {
    for (const [key, value] of entriesOf(right)) put(result, key, value);
    return result;
  }
  for (const [key, value] of entriesOf(right)) {
    const name = findKey(left, key);
    const before = name === undefined ? undefined : left[name];
    if (isDict(before) && isDict(value))
      put(result, key, recursive ? merge(before, value, recursive, lists) : value);
    else if (Array.isArray(before) && Array.isArray(value))
      put(result, key, mergeLists[lists](before, value));
    else put(result, key, value);
  }
  return result;
}

function field(each: unknown, name: unknown): unknown {
  if (!isDict(each)) throw new TaskFailure(`a dict is needed, not ${typeName(each)}`);
  const found = findKey(each, name);
  if (found === undefined) throw new TaskFailure(`Key '${text(name)}' was not found in an item`);
  return each[found];
}

/** Filters for dicts. */
export const dicts: Filters = {
  combine: variadic((value, others, { named }) => {
    const { recursive = false, list_merge: lists = 'replace', ...rest } = named;
    if (Object.keys(rest).length > 0)
      throw new TaskFailure("'recursive' and 'list_merge' are the only valid keyword arguments");
    const all = [value, ...others].flatMap((each) => (Array.isArray(each) ? Array.from(each) : [each]));
    const given = all.filter((each) => each !== null && each !== 'None' && each !== 'null');
    if (given.length === 0) return {};
    if (given.length === 1) return given[0];
    if (typeof lists !== 'string' || !Object.hasOwn(mergeLists, lists))
      throw new TaskFailure(`'${text(lists)}' is no list_merge`, `use ${Object.keys(mergeLists).join(', ')}`);
    return given
      .map((each) => dict(each, 'combine'))
      .reduceRight((result, each) => merge(each, result, isTrue(recursive), lists as ListMerge));
  }),
  items: {
    parameters: [],
    lenient: true,
    apply(value) {
      if (isUndefined(value)) return value;
      return entriesOf(dict(value, 'items')).map(([key, item]) => Tuple.of(key, item));
    },
  },
  dict2items: filter(['key_name', 'value_name'], (value, [key = 'key', name = 'value']) =>
    entriesOf(dict(value, 'dict2items')).map(([each, item]) =>
      makeDict([
        [key, each],
        [name, item],
      ]),
    ),
  ),
  items2dict: filter(['key_name', 'value_name'], (value, [key = 'key', name = 'value']) => {
    if (!Array.isArray(value))
      throw new TaskFailure(`items2dict requires a list, got ${typeName(value)} instead.`);
    return makeDict(value.map((each) => [field(each, key), field(each, name)] as const));
  }),
  dictsort: filter(
    ['case_sensitive', 'by', 'reverse'],
    (value, [caseSensitive = false, by = 'key', reverse = false]) => {
      if (by !== 'key' && by !== 'value')
        throw new TaskFailure('You can only sort by either "key" or "value"');
      const at = by === 'value' ? 1 : 0;
      const fold = (each: unknown) =>
        typeof each === 'string' && !isTrue(caseSensitive) ? each.toLowerCase() : each;
      const turn = isTrue(reverse) ? -1 : 1;
      return entriesOf(dict(value, 'dictsort'))
        .sort((left, right) => turn * compare(fold(left[at]), fold(right[at])))
        .map((pair) => Tuple.of(...pair));
    },
  ),
  rekey_on_member: filter(['key!', 'duplicates'], (value, [key, duplicates = 'error']) => {
    if (!['error', 'overwrite'].includes(duplicates))
      throw new TaskFailure(
        `duplicates parameter to rekey_on_member has unknown value '${text(duplicates)}'`,
      );
    if (typeof value === 'string') throw new TaskFailure('Type is not a valid list, set, or dict');
    const result: Dict = {};
    for (const each of isDict(value) ? Object.values(value) : iterate(value)) {
      const name = field(each, key);
      if (duplicates === 'error' && findKey(result, name) !== undefined)
        throw new TaskFailure(`Key '${text(name)}' is not unique, cannot convert to dict.`);
      put(result, name, each);
    }
    return result;
  }),
};
