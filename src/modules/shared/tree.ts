import type { HostReader } from '../../host/contract.ts';
import type { FileStat } from '../../host/queries/stat.ts';
import { type Command, sh } from '../../host/sh.ts';
import type { Change } from '../contract.ts';
import { type Attributes, attributeChanges, attributeCommands } from './attributes.ts';

/** A file below a directory, with what attributes need of it. */
export type TreeEntry = Pick<FileStat, 'path' | 'type' | 'mode' | 'owner' | 'uid' | 'group' | 'gid'>;

/** Everything below a directory. Links are listed, not followed. */
export async function readTree(path: string, host: HostReader): Promise<TreeEntry[]> {
  const found = await host.look(sh`find ${path}/ -mindepth 1 -printf '%y %m %u %U %g %G %p\\0'`);
  return parseTree(found.stdout);
}

/** Reads what `find -printf '%y %m %u %U %g %G %p\0'` prints. */
export function parseTree(listed: string): TreeEntry[] {
  return listed
    .split('\0')
    .filter((record) => record !== '')
    .map((record) => {
      const [type, mode = '', owner = '', uid, group = '', gid, ...path] = record.split(' ');
      return {
        path: path.join(' '),
        type: type === 'd' ? 'directory' : type === 'l' ? 'link' : 'file',
        mode: Number.parseInt(mode, 8),
        owner,
        uid: Number(uid),
        group,
        gid: Number(gid),
      };
    });
}

/** The differences of everything below a directory. */
export function treeChanges(want: Attributes, tree: readonly TreeEntry[]): Change[] {
  return tree.flatMap((entry) =>
    attributeChanges(want, entry).map((change) => ({ ...change, what: `${change.what} of ${entry.path}` })),
  );
}

/** The commands that make them go away. */
export function treeCommands(want: Attributes, tree: readonly TreeEntry[]): Command[] {
  return tree.flatMap((entry) =>
    attributeCommands(attributeChanges(want, entry), entry.path, entry.type !== 'link'),
  );
}
