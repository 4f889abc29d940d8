import { TaskFailure } from '../../errors.ts';
import { type Filters, variadic } from '../environment.ts';

function refuse(name: string, instead: string) {
  return variadic(() => {
    throw new TaskFailure(`the filter '${name}' is not supported`, instead);
  });
}

/** Filters that exist there and not here, by name. */
export const refused: Filters = {
  json_query: refuse('json_query', "use selectattr, map and 'x.y' in their place"),
  urlize: refuse('urlize', 'it makes HTML'),
};
