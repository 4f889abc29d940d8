import type { Filters } from '../environment.ts';
import { addresses } from './addresses.ts';
import { collections } from './collections.ts';
import { community } from './community.ts';
import { data } from './data.ts';
import { dicts } from './dicts.ts';
import { hashes } from './hashes.ts';
import { numbers } from './numbers.ts';
import { paths } from './paths.ts';
import { queries } from './query.ts';
import { refused } from './refused.ts';
import { regexes } from './regexes.ts';
import { selection } from './selection.ts';
import { strings } from './strings.ts';
import { subnets } from './subnets.ts';
import { values } from './values.ts';
import { vault } from './vault.ts';

/** Every filter: Jinja2's and ansible.builtin's by short name, those of collections too where ansible-core has one. */
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
  ...subnets,
  ...community,
  ...queries,
  ...vault,
  ...refused,
};
