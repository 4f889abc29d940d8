import type { Problem } from '../errors.ts';
import type { Inventory } from '../inventory/contract.ts';
import { nearest } from '../problems.ts';
import { keyPlaceOf } from '../yaml/located.ts';
import type { Expanded } from './expand.ts';

/** Variables that say how to reach a host; the last ones mean something to Ansible only. */
const connection =
  `ansible_host ansible_port ansible_user ansible_connection ansible_ssh_host ansible_ssh_port
  ansible_ssh_user ansible_ssh_private_key_file ansible_private_key_file
  ansible_ssh_private_key_passphrase ansible_private_key_passphrase ansible_ssh_args ansible_ssh_common_args
  ansible_ssh_extra_args ansible_ssh_timeout ansible_timeout ansible_become ansible_become_user
  ansible_become_method ansible_become_password ansible_become_exe ansible_become_flags ansible_shell_type
  ansible_python_interpreter ansible_password ansible_ssh_pass ansible_ssh_password ansible_become_pass
  ansible_sudo_pass ansible_su_pass ansible_doas_pass ansible_ssh_executable ansible_ssh_pipelining ansible_pipelining
  ssh_host_keys`.split(/\s+/);

/**
 * Variables of the inventory and of -e that no text of the project reads and whose name is nearly that of one which a
 * role or play defines: most likely misspelt, so that their value has no effect.
 * @param read every word in the project's templates and expressions
 */
export function unreadVariables(
  inventory: Inventory,
  { entries }: Expanded,
  extraVars: Readonly<Record<string, unknown>>,
  read: ReadonlySet<string>,
): Problem[] {
  const lists = entries.flatMap(({ play, task }) => [play.layers, task.defaults, task.layers]);
  const layers = new Set([...new Set(lists)].flat());
  const known = new Set([...connection, ...[...layers].flatMap(({ values }) => Object.keys(values))]);
  const plain = new Set([...known].map(withoutDigits));
  const nearby = new Map<string, string | undefined>();
  const meantBy = (name: string): string | undefined => {
    if (!nearby.has(name))
      nearby.set(name, plain.has(withoutDigits(name)) ? undefined : nearest(name, known));
    return nearby.get(name);
  };
  const given = new Set([...inventory.hosts.values()].flatMap((host) => host.layers));
  return [...given, { origin: '-e', values: extraVars }].flatMap(({ values }) =>
    Object.keys(values).flatMap((name): Problem[] => {
      const meant = read.has(name) || known.has(name) || name.length < 5 ? undefined : meantBy(name);
      if (meant === undefined) return [];
      const message = `nothing reads the variable ${name}`;
      return [
        { message, place: keyPlaceOf(values, name), hint: `did you mean ${meant}?`, severity: 'warning' },
      ];
    }),
  );
}

function withoutDigits(word: string): string {
  return word.replace(/\d+/g, '');
}
