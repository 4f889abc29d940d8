import type { FileStat } from '../../host/queries/stat.ts';
import { formatMode } from './mode.ts';

/** What Ansible adds to the result of every module that returns `path` or `dest`: who owns it, and what it is. */
export function pathInfo(there: FileStat | undefined): Record<string, unknown> {
  if (there === undefined) return { state: 'absent' };
  const { uid, gid, owner, group, mode, type, size, links } = there;
  const state = type === 'link' || type === 'directory' ? type : links > 1 ? 'hard' : 'file';
  return { uid, gid, owner, group, mode: formatMode(mode), state, size };
}
