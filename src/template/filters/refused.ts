import { TaskFailure } from '../../errors.ts';
import { type Filters, variadic } from '../environment.ts';

function refuse(name: string, instead: string) {
  return variadic(() => {
    throw new TaskFailure(`the filter '${name}' is not supported`, instead);
  });
}

/** Filters that exist there and not here, by name. */
export const refused: Filters = {
  urlize: refuse('urlize', 'it makes HTML'),
};
