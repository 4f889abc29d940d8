import { readdirSync } from 'node:fs';
import type { Sources } from './settings.ts';
import { flag, paths, type Reader, words } from './values.ts';

/** A setting with a meaning that foobar does not have. */
export interface Unsupported extends Sources {
  /** An error stops the run; a warning says what is done otherwise. */
  readonly severity: 'error' | 'warning';
  /** Whether this value asks for it: Ansible's own default does not. */
  readonly asks: Reader<boolean>;
  readonly hint: string;
}

const yes: Reader<boolean> = flag;
const no: Reader<boolean> = (text, around) => !flag(text, around);
const otherThan =
  (...defaults: readonly string[]): Reader<boolean> =>
  (text, around) =>
    !defaults.includes(words(text, around));

/** Folders of plugins that are there, and not empty. */
const present: Reader<boolean> = (text, around) =>
  paths(text, around).some((folder) => {
    try {
      return readdirSync(folder).some((name) => name.endsWith('.py'));
    } catch {
      return false;
    }
  });

const python = 'foobar runs no Python; modules, filters and the like are built in';

export const unsupported: readonly Unsupported[] = [
  refused(
    'defaults.hash_behaviour',
    'ANSIBLE_HASH_BEHAVIOUR',
    otherThan('replace'),
    'the filter combine joins dictionaries',
  ),
  {
    severity: 'warning',
    keys: ['defaults.host_key_checking', 'ssh_connection.host_key_checking'],
    environment: ['ANSIBLE_HOST_KEY_CHECKING', 'ANSIBLE_SSH_HOST_KEY_CHECKING'],
    asks: no,
    hint:
      'foobar always checks host keys; ssh_common_args = -o StrictHostKeyChecking=accept-new writes those down of hosts ' +
      'that nobody knows yet',
  },
  warned(
    'defaults.allow_broken_conditionals',
    'ANSIBLE_ALLOW_BROKEN_CONDITIONALS',
    yes,
    'conditions are true or false',
  ),
  warned(
    'defaults.ansible_managed',
    undefined,
    otherThan('Ansible managed'),
    'set the variable ansible_managed',
  ),
  warned(
    'defaults.error_on_missing_handler',
    'ANSIBLE_ERROR_ON_MISSING_HANDLER',
    no,
    'a handler that is not there is a mistake',
  ),
  warned(
    'defaults.error_on_undefined_vars',
    'ANSIBLE_ERROR_ON_UNDEFINED_VARS',
    no,
    'a variable that is not there is a mistake',
  ),
  warned('defaults.executable', 'ANSIBLE_EXECUTABLE', otherThan('/bin/sh'), 'commands start from /bin/sh'),
  warned(
    'defaults.force_valid_group_names',
    'ANSIBLE_TRANSFORM_INVALID_GROUP_CHARS',
    otherThan('never', 'ignore'),
    'groups keep their names',
  ),
  warned(
    'defaults.jinja2_extensions',
    'ANSIBLE_JINJA2_EXTENSIONS',
    otherThan(),
    'templates have what Jinja has without them',
  ),
  warned(
    'defaults.module_name',
    undefined,
    otherThan('command', 'ansible.builtin.command'),
    'foobar run takes -m',
  ),
  warned(
    'defaults.playbook_vars_root',
    'ANSIBLE_PLAYBOOK_VARS_ROOT',
    otherThan('top'),
    'group_vars/ beside the first playbook count',
  ),
  warned(
    'defaults.precedence',
    'ANSIBLE_PRECEDENCE',
    otherThan(),
    "variables have Ansible's usual precedence",
  ),
  warned(
    'defaults.private_role_vars',
    'ANSIBLE_PRIVATE_ROLE_VARS',
    yes,
    'say public: false where a role is included',
  ),
  warned('inventory.ignore_extensions', undefined, otherThan(), "Ansible's usual ones are"),
  warned(
    'inventory.ignore_patterns',
    'ANSIBLE_INVENTORY_IGNORE_REGEX',
    otherThan(),
    'every source of a folder is read',
  ),
  warned('privilege_escalation.become_exe', 'ANSIBLE_BECOME_EXE', otherThan('sudo'), 'sudo is taken'),
  warned(
    'privilege_escalation.become_flags',
    'ANSIBLE_BECOME_FLAGS',
    otherThan('-H -S -n'),
    'sudo is called with flags of foobar',
  ),
  warned('sudo_become_plugin.executable', 'ANSIBLE_SUDO_EXE', otherThan('sudo'), 'sudo is taken'),
  warned(
    'sudo_become_plugin.flags',
    'ANSIBLE_SUDO_FLAGS',
    otherThan('-H -S -n'),
    'sudo is called with flags of foobar',
  ),
  warned(
    'ssh_connection.ssh_executable',
    'ANSIBLE_SSH_EXECUTABLE',
    otherThan('ssh'),
    'foobar speaks SSH itself',
  ),
  warned('defaults.action_plugins', 'ANSIBLE_ACTION_PLUGINS', present, python),
  warned('defaults.filter_plugins', 'ANSIBLE_FILTER_PLUGINS', present, python),
  warned('defaults.inventory_plugins', 'ANSIBLE_INVENTORY_PLUGINS', present, python),
  warned('defaults.library', 'ANSIBLE_LIBRARY', present, python),
  warned('defaults.lookup_plugins', 'ANSIBLE_LOOKUP_PLUGINS', present, python),
  warned('defaults.test_plugins', 'ANSIBLE_TEST_PLUGINS', present, python),
  warned('defaults.vars_plugins', 'ANSIBLE_VARS_PLUGINS', present, python),
];

function refused(key: string, variable: string, asks: Reader<boolean>, hint: string): Unsupported {
  return { severity: 'error', keys: [key], environment: [variable], asks, hint };
}

function warned(key: string, variable: string | undefined, asks: Reader<boolean>, hint: string): Unsupported {
  return {
    severity: 'warning',
    keys: [key],
    environment: variable === undefined ? [] : [variable],
    asks,
    hint,
  };
}
