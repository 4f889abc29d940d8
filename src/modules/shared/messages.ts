import type { Change } from '../contract.ts';

const attributes = ['mode', 'owner', 'group'];
/** What a new file of root has before it is given anything. */
const fresh = ['0644', 'root', '0'];

/** The message of Ansible's modules that edit files: what was done, and whether attributes were changed too. */
export function withAttributes(message: string, changes: readonly Change[]): string {
  const given = changes.some(
    ({ what, from, to }) => attributes.includes(what) && !(from === null && fresh.includes(String(to))),
  );
  if (!given) return message;
  return `${message}${message === '' ? '' : ' and '}ownership, perms or SE linux context changed`;
}
