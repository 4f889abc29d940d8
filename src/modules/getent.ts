import type { z } from 'zod';
import { TaskFailure } from '../errors.ts';
import { sh } from '../host/sh.ts';
import { action } from './contract.ts';
import { parseGetent } from './shared/getent.ts';
import { ansibleBoolean, moduleParams, text } from './shared/params.ts';

const params = moduleParams({
  database: text.describe('Database such as passwd, group, hosts, services or shadow.'),
  key: text.optional().describe('What to look up. Default: everything that the database can list.'),
  service: text.optional().describe('Use only this service of nsswitch.conf, such as files.'),
  split: text.optional().describe('Character between fields. Default: the colon or blanks, by the database.'),
  fail_key: ansibleBoolean.default(true).describe('Fail when the key is not there.'),
});

const notFound = 'One or more supplied key could not be found in the database.';
/** Exit codes of getent(1). */
const reasons: Record<number, string> = {
  1: 'Missing arguments, or database unknown.',
  2: notFound,
  3: 'Enumeration not supported on this database.',
};

export default action<z.output<typeof params>>({
  summary: "Look something up in the host's databases of users, groups, names and services.",
  params,
  effect: 'reads',

  async run({ database, key, service, split, fail_key }, host) {
    const options = [...(key === undefined ? [] : [key]), ...(service === undefined ? [] : ['-s', service])];
    const { code, stdout } = await host.look(sh`getent ${database} ${options}`, { expect: 'any' });
    const name = `getent_${database}`;
    if (code === 2 && !fail_key && key !== undefined) {
      const facts = { [name]: { [key]: null } };
      return { changed: false, facts, values: { ansible_facts: facts, msg: notFound } };
    }
    if (code !== 0) throw new TaskFailure(reasons[code] ?? 'Unexpected failure!');
    const facts = { [name]: parseGetent(database, stdout, split) };
    return { changed: false, facts, values: { ansible_facts: facts } };
  },
});
