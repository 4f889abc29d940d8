import { z } from 'zod';
import { TaskFailure } from '../errors.ts';
import { action } from './contract.ts';
import { ansibleList, text } from './shared/params.ts';

const name = text.optional();
const groups = ansibleList.optional();

/** What is none of these is a variable of the new host. `host` and `group` are variables too: so it is in Ansible. */
const params = z
  .looseObject({
    name: name.describe('Name of the host, with a port after a colon if it is not 22.'),
    hostname: name.describe('The same as name.'),
    host: name.describe('The same as name.'),
    groups: groups.describe('Groups that the host joins; they are made when they are not there.'),
    groupname: groups.describe('The same as groups.'),
    group: groups.describe('The same as groups.'),
  })
  .refine((want) => (want.name ?? want.hostname ?? want.host) !== undefined, {
    error: 'name, host or hostname needs to be provided',
    path: ['name'],
  });

export default action<z.output<typeof params>>({
  summary: 'Add a host to the inventory of the run, and groups.',
  params,
  effect: 'reads',
  once: true,

  async run({ name: first, hostname, groups: all, groupname, ...variables }) {
    const { host, port } = addressOf((first ?? hostname ?? variables.host) as string);
    if (host === '') throw new TaskFailure('the name of a host to add is empty');
    const joined = [...new Set(groupname ?? all ?? variables.group ?? [])];
    const given = { ...variables, ...(port === undefined ? {} : { ansible_ssh_port: port }) };
    return {
      // Whether something is new in the inventory is known to the engine.
      changed: false,
      joins: { host, groups: joined, variables: given },
      values: { add_host: { host_name: host, groups: joined, host_vars: given } },
    };
  },
});

/** A name, `name:port`, or an IPv6 address in brackets with a port. */
function addressOf(given: string): { host: string; port?: number } {
  const [, bracketed, plain, port] =
    /^(?:\[([0-9A-Fa-f:.]+)\]|([^:\s[\]]+)):(\d{1,5})$/.exec(given.trim()) ?? [];
  const host = bracketed ?? plain ?? given.trim().replace(/^\[([0-9A-Fa-f:.]+)\]$/, '$1');
  return port === undefined ? { host } : { host, port: Number(port) };
}
