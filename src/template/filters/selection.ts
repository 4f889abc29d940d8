import { TaskFailure } from '../../errors.ts';
import { type Call, type Filter, type Filters, isUndefined, variadic } from '../environment.ts';
import { filterValue, testValue } from '../evaluate.ts';
import { isTrue, iterate, text } from '../python.ts';
import { path } from './collections.ts';

/** Takes undefined values inside of lists, not in place of them. */
function overLists(apply: Filter['apply']): Filter {
  return variadic(apply);
}

/** Whether the test holds that is named by the first argument and takes the others; without one, truth. */
function holds(value: unknown, [name, ...args]: readonly unknown[], call: Call): boolean {
  return isTrue(name === undefined ? value : testValue(text(name), value, { ...call, args }));
}

function items(value: unknown): unknown[] {
  return isTrue(value) ? iterate(value) : [];
}

function select(keep: boolean) {
  return overLists((value, args, call) => items(value).filter((each) => holds(each, args, call) === keep));
}

function selectAttribute(name: string, keep: boolean) {
  return overLists((value, [attribute, ...test], call) => {
    if (attribute === undefined) throw new TaskFailure(`'${name}' needs the name of an attribute`);
    return items(value).filter((each) => holds(path(each, attribute), test, call) === keep);
  });
}

/** Filters that pick from lists by tests, and `map`. */
export const selection: Filters = {
  select: select(true),
  reject: select(false),
  selectattr: selectAttribute('selectattr', true),
  rejectattr: selectAttribute('rejectattr', false),
  map: overLists((value, [name, ...args], call) => {
    const { attribute, default: otherwise, ...named } = call.named;
    if (name !== undefined)
      return items(value).map((each) => filterValue(text(name), each, { ...call, args, named: call.named }));
    if (attribute === undefined) throw new TaskFailure('map requires a filter argument');
    const extra = Object.keys(named)[0];
    if (extra !== undefined) throw new TaskFailure(`Unexpected keyword argument '${extra}'`);
    return items(value).map((each) => {
      const found = path(each, attribute);
      return isUndefined(found) && otherwise !== undefined ? otherwise : found;
    });
  }),
};
