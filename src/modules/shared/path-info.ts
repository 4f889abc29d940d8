import type { FileStat } from '../../host/queries/stat.ts';

/** What Ansible adds to the result of every module that returns `path` or `dest`: who owns it, and what it is. */
export function pathInfo(there: FileStat | undefined): Record<string, unknown> {
  if (there === undefined) return { state: 'absent' };
  const { uid, gid, owner, group, mode, type, size, links } = there;
  const state = type === 'link' || type === 'directory' ? type : links > 1 ? 'hard' : 'file';
  return { uid, gid, owner, group, mode: shownMode(mode), state, size };
}

/** As results show a mode: a zero before whatever digits there are. */
function shownMode(bits: number): string {
  return `0${bits.toString(8).padStart(3, '0')}`;
}
