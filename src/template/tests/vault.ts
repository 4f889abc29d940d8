import { readFileSync } from 'node:fs';
import { TaskFailure } from '../../errors.ts';
import { isEncrypted } from '../../vault/format.ts';
import { wasVaulted } from '../../vault/remember.ts';
import { type Filters, filter } from '../environment.ts';
import { text } from '../python.ts';

/** Tests of what is encrypted. */
export const vaults: Filters = {
  vault_encrypted: filter([], (value) => typeof value === 'string' && wasVaulted(value)),
  vaulted_file: filter([], (value) => {
    try {
      return isEncrypted(readFileSync(text(value)));
    } catch (error) {
      throw new TaskFailure(`cannot read ${text(value)}: ${(error as Error).message}`);
    }
  }),
};
