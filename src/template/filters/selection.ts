import { TaskFailure } from '../../errors.ts';
import { type Call, type Filters, variadic } from '../environment.ts';
import { applyTest, filterValue } from '../evaluate.ts';
import { isTrue, list, text, Undefined } from '../python.ts';
import { path } from './collections.ts';

/** Whether the test holds that is named by the first argument and takes the others; without one, truth. */
function holds(value: unknown, [name, ...args]: readonly unknown[], call: Call): boolean {
  return name === undefined ? isTrue(value) : applyTest(text(name), value, { ...call, args });
}

function select(name: string, keep: boolean) {
  return variadic((value, args, call) =>
    list(value, name).filter((each) => holds(each, args, call) === keep),
  );
}

function selectAttribute(name: string, keep: boolean) {
  return variadic((value, [attribute, ...test], call) => {
    if (attribute === undefined) throw new TaskFailure(`'${name}' needs the name of an attribute`);
    return list(value, name).filter((each) => holds(path(each, attribute), test, call) === keep);
  });
}

/** Filters that pick from lists by tests, and `map`. */
export const selection: Filters = {
  select: select('select', true),
  reject: select('reject', false),
  selectattr: selectAttribute('selectattr', true),
  rejectattr: selectAttribute('rejectattr', false),
  map: variadic((value, [name, ...args], call) => {
    const values = list(value, 'map');
    const { attribute, default: otherwise, ...named } = call.named;
    if (name !== undefined)
      return values.map((each) => filterValue(text(name), each, { ...call, args, named: call.named }));
    if (attribute === undefined || Object.keys(named).length > 0)
      throw new TaskFailure("'map' needs the name of a filter or 'attribute='");
    return values.map((each) => {
      const found = path(each, attribute);
      if (!(found instanceof Undefined)) return found;
      return otherwise === undefined ? found.fail() : otherwise;
    });
  }),
};
