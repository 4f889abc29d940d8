const yes: readonly unknown[] = ['y', 'yes', 'on', '1', 'true', 't', 1, true];
const no: readonly unknown[] = ['n', 'no', 'off', '0', 'false', 'f', 0, false];

/** One of Ansible's words for true. */
export function saysYes(value: unknown): boolean {
  return yes.includes(typeof value === 'string' ? value.toLowerCase() : value);
}

/** One of Ansible's words for false. */
export function saysNo(value: unknown): boolean {
  return no.includes(typeof value === 'string' ? value.toLowerCase() : value);
}
