import type { Query } from '../contract.ts';
import { sh } from '../sh.ts';

export interface Name {
  readonly database: 'passwd' | 'group';
  readonly name: string;
}

/** Whether a user or a group of that name (or number) is known to the host. One `getent` for each database. */
export const nameExists: Query<Name, boolean> = {
  name: 'nameExists',
  key: ({ database, name }) => `${database} ${name}`,

  lasts: (exists) => exists,

  script(args) {
    const of = (database: Name['database']) => {
      const names = args.filter((arg) => arg.database === database).map((arg) => arg.name);
      return names.length === 0 ? sh`` : sh`getent ${database} ${names} | sed ${`s/^/${database}:/`}`;
    };
    return sh`${of('passwd')}
${of('group')}
:`;
  },

  parse(stdout, args) {
    const known = new Set<string>();
    for (const line of stdout.toString('utf8').split('\n')) {
      const [database, name, , id] = line.split(':');
      known.add(`${database} ${name}`).add(`${database} ${id}`);
    }
    return args.map((arg) => known.has(nameExists.key(arg)));
  },
};
