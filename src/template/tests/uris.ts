import { contains } from '../comparison.ts';
import { type Filters, filter } from '../environment.ts';
import { isTrue } from '../python.ts';
import { splitUrl } from '../urls.ts';

function isUri(value: unknown, schemes: unknown): boolean {
  if (typeof value !== 'string') return false;
  const { scheme } = splitUrl(value);
  return schemes === undefined || !isTrue(schemes) || contains(schemes, scheme);
}

/** Tests of addresses. */
export const uris: Filters = {
  uri: filter(['schemes'], (value, [schemes]) => isUri(value, schemes)),
  url: filter(['schemes'], (value, [schemes]) => {
    if (!isUri(value, schemes)) return false;
    const { netloc, scheme } = splitUrl(value);
    return netloc !== '' || scheme === 'file';
  }),
  urn: filter([], (value) => isUri(value, ['urn'])),
};
