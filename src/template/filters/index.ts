import type { Filters } from '../environment.ts';
import { addresses } from './addresses.ts';
import { collections } from './collections.ts';
import { data } from './data.ts';
import { dicts } from './dicts.ts';
import { hashes } from './hashes.ts';
import { numbers } from './numbers.ts';
import { paths } from './paths.ts';
import { refused } from './refused.ts';
import { regexes } from './regexes.ts';
import { selection } from './selection.ts';
import { strings } from './strings.ts';
import { values } from './values.ts';
import { vault } from './vault.ts';

/** Every filter by its short name: Jinja2's, ansible.builtin's and the addresses of ansible.utils. */
export const filters: Filters = {
  ...values,
  ...strings,
  ...regexes,
  ...hashes,
  ...collections,
  ...selection,
  ...dicts,
  ...numbers,
  ...data,
  ...paths,
  ...addresses,
  ...vault,
  ...refused,
};
