import { TaskFailure } from '../../errors.ts';
import type { Inventory } from '../../inventory/contract.ts';
import { selectHosts } from '../../inventory/patterns.ts';
import { isDict, iterate, text, typeName, Undefined } from '../python.ts';
import { expression } from '../regex.ts';
import type { Lookups } from './contract.ts';

/** Lookups of variables, hosts and the controller's environment. */
export const names: Lookups = {
  env: (terms, { options }) =>
    terms.map((term) => {
      const name = text(term).trim().split(/\s+/)[0] ?? '';
      return process.env[name] ?? ('default' in options ? options.default : '');
    }),

  vars: (terms, { options, environment }) =>
    terms.map((term) => {
      if (typeof term !== 'string')
        throw new TaskFailure(`the lookup 'vars' needs the name of a variable, not ${typeName(term)}`);
      const value = environment.variables.lookup(term);
      if (!(value instanceof Undefined)) return value;
      if (options.default !== undefined && options.default !== null) return options.default;
      return new Undefined(term, `No variable named '${term}' was found.`);
    }),

  varnames: (terms, { environment }) =>
    terms.flatMap((term) => {
      if (typeof term !== 'string')
        throw new TaskFailure(`the lookup 'varnames' needs a regular expression, not ${typeName(term)}`);
      return environment.variables.names().filter((name) => expression(term).test(name));
    }),

  inventory_hostnames(terms, { environment }) {
    const groups = environment.variables.lookup('groups');
    if (!isDict(groups)) return [];
    const members = Object.entries(groups).map(([name, hosts]) => [name, iterate(hosts).map(text)] as const);
    const nowhere = { file: '', line: 1, column: 1 };
    const hosts = new Set(members.flatMap(([, hosts]) => hosts));
    const inventory: Inventory = {
      file: '',
      directory: '',
      stateDirectory: '',
      groups: new Map([['all', [...hosts]], ...members]),
      hosts: new Map([...hosts].map((name) => [name, { name, place: nowhere, groups: [], layers: [] }])),
    };
    try {
      return selectHosts(terms.map(text).join(','), inventory);
    } catch {
      return [];
    }
  },

  config() {
    throw new TaskFailure(
      "the lookup 'config' asks for settings of Ansible, which foobar does not have",
      'say what the playbook needs in a variable',
    );
  },
};
