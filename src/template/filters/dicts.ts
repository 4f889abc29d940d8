import { TaskFailure } from '../../errors.ts';
import { type Filters, filter, variadic } from '../environment.ts';
import { compare, contains, type Dict, dict, isDict, isTrue, list, text } from '../python.ts';

type ListMerge = 'replace' | 'keep' | 'append' | 'prepend' | 'append_rp' | 'prepend_rp';

const mergeLists: Readonly<Record<ListMerge, (left: unknown[], right: unknown[]) => unknown[]>> = {
  replace: (_left, right) => right,
  keep: (left) => left,
  append: (left, right) => [...left, ...right],
  prepend: (left, right) => [...right, ...left],
  append_rp: (left, right) => [...left.filter((each) => !contains(right, each)), ...right],
  prepend_rp: (left, right) => [...right, ...left.filter((each) => !contains(right, each))],
};

function merge(left: Dict, right: Dict, recursive: boolean, lists: ListMerge): Dict {
  const result: Dict = { ...left };
  for (const [key, value] of Object.entries(right)) {
    const before = Object.hasOwn(left, key) ? left[key] : undefined;
    if (recursive && isDict(before) && isDict(value)) result[key] = merge(before, value, recursive, lists);
    else if (Array.isArray(before) && Array.isArray(value)) result[key] = mergeLists[lists](before, value);
    else result[key] = value;
  }
  return result;
}

/** Filters for dicts. */
export const dicts: Filters = {
  combine: variadic((value, others, { named }) => {
    const lists = text(named.list_merge ?? 'replace') as ListMerge;
    if (!Object.hasOwn(mergeLists, lists))
      throw new TaskFailure(`'${lists}' is no list_merge`, `use ${Object.keys(mergeLists).join(', ')}`);
    return [value, ...others]
      .flat()
      .map((each) => dict(each, 'combine'))
      .reduce((result, each) => merge(result, each, isTrue(named.recursive ?? false), lists), {});
  }),
  items: { parameters: [], apply: (value) => Object.entries(dict(value, 'items')) },
  dict2items: filter(['key_name', 'value_name'], (value, [key = 'key', name = 'value']) =>
    Object.entries(dict(value, 'dict2items')).map(([each, item]) => ({ [key]: each, [name]: item })),
  ),
  items2dict: filter(['key_name', 'value_name'], (value, [key = 'key', name = 'value']) =>
    Object.fromEntries(
      list(value, 'items2dict').map((each) => {
        const pair = dict(each, 'items2dict');
        for (const wanted of [key, name])
          if (!Object.hasOwn(pair, wanted))
            throw new TaskFailure(`items2dict needs '${wanted}' in every item`);
        return [text(pair[key]), pair[name]];
      }),
    ),
  ),
  dictsort: filter(
    ['case_sensitive', 'by', 'reverse'],
    (value, [caseSensitive = false, by = 'key', reverse = false]) => {
      const at = by === 'value' ? 1 : 0;
      const fold = (each: unknown) =>
        typeof each === 'string' && !caseSensitive ? each.toLowerCase() : each;
      const sorted = Object.entries(dict(value, 'dictsort')).sort((left, right) =>
        compare(fold(left[at]), fold(right[at])),
      );
      return reverse ? sorted.reverse() : sorted;
    },
  ),
};
