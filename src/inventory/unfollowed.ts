import type { Problem } from '../errors.ts';
import { keyPlaceOf } from '../yaml/located.ts';
import type { InventoryHost, Layer } from './contract.ts';

/** Connection variables that mean something to Ansible and nothing to foobar, with the value that changes nothing. */
const unfollowed: Record<string, { readonly why: string; readonly fine?: RegExp }> = {
  ansible_shell_type: { why: 'commands run in sh, whatever shell the user has', fine: /^(?:sh|bash)$/ },
  ansible_shell_executable: { why: 'commands run in sh', fine: /\/(?:sh|bash|dash)$/ },
  ansible_ssh_executable: { why: 'foobar speaks SSH by itself', fine: /^(?:\/usr\/bin\/)?ssh$/ },
  ansible_ssh_use_tty: { why: 'programs on the host get no terminal', fine: /^(?:false|no|0)$/i },
  ansible_ssh_password_mechanism: { why: 'logging in takes a key' },
  ansible_ssh_pkcs11_provider: { why: 'keys come from files and the agent' },
  ansible_sshpass_prompt: { why: 'logging in takes a key' },
};

/** Warns once of each such variable that is set. */
export function unfollowedVariables(hosts: Iterable<InventoryHost>): Problem[] {
  const found = new Map<string, Problem>();
  const seen = new Set<Layer>();
  for (const host of hosts)
    for (const layer of host.layers) {
      if (seen.has(layer)) continue;
      seen.add(layer);
      for (const [name, { why, fine }] of Object.entries(unfollowed)) {
        if (found.has(name) || !Object.hasOwn(layer.values, name)) continue;
        if (fine?.test(String(layer.values[name]))) continue;
        const place = keyPlaceOf(layer.values, name);
        found.set(name, { message: `${name} has no effect: ${why}`, place, severity: 'warning' });
      }
    }
  return [...found.values()];
}
