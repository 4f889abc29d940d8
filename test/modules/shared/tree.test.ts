import { describe, expect, it } from 'vitest';
import { parseTree, treeChanges } from '../../../src/modules/shared/tree.ts';

describe('parseTree', () => {
  const listed =
    'd 755 root 0 root 0 /a/b\0f 4644 me 1000 users 100 /a/b/c d\n e\0l 777 1234 1234 root 0 /a/l\0';

  it('reads what find prints, whatever the names', () => {
    expect(parseTree(listed)).toEqual([
      { path: '/a/b', type: 'directory', mode: 0o755, owner: 'root', uid: 0, group: 'root', gid: 0 },
      { path: '/a/b/c d\n e', type: 'file', mode: 0o4644, owner: 'me', uid: 1000, group: 'users', gid: 100 },
      { path: '/a/l', type: 'link', mode: 0o777, owner: '1234', uid: 1234, group: 'root', gid: 0 },
    ]);
    expect(parseTree('')).toEqual([]);
  });

  it('finds the differences: owners by name or number, no mode for links', () => {
    const changes = treeChanges({ owner: '0', mode: 'u=rwX,go=rX' }, parseTree(listed));
    expect(changes.map(({ what, from, to }) => [what, from, to])).toEqual([
      ['owner of /a/b/c d\n e', 'me', '0'],
      ['mode of /a/b/c d\n e', '4644', '0644'],
      ['owner of /a/l', '1234', '0'],
    ]);
  });
});
