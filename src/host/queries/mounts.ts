import type { Query } from '../contract.ts';
import { sh } from '../sh.ts';

/** A mounted file system, from /proc/self/mountinfo: proc_pid_mountinfo(5). */
export interface Mount {
  readonly target: string;
  /** What mount(8) names as its source. */
  readonly device: string;
  /** What is mounted: a device, or for a bind mount the directory. */
  readonly source: string;
  readonly type: string;
  readonly options: string;
}

/** Everything that is mounted, in the order in which it was; of two on one directory the later one is seen. */
export const mounts: Query<void, readonly Mount[]> = {
  name: 'mounts',
  key: () => '',
  script: () => sh`cat /proc/self/mountinfo`,
  parse(stdout, args) {
    const list = readMountInfo(stdout.toString('utf8'));
    return args.map(() => list);
  },
};

interface Line {
  readonly parent: string;
  readonly root: string;
  readonly mount: Mount;
}

/** The text of /proc/self/mountinfo. */
export function readMountInfo(text: string): readonly Mount[] {
  const lines = new Map<string, Line>();
  for (const line of text.split('\n')) {
    const [before = '', after = ''] = line.split(' - ');
    const [id, parent = '', , root = '', target = '', options = ''] = before.split(' ');
    const [type = '', source = ''] = after.split(' ');
    if (id === undefined || target === '') continue;
    lines.set(id, {
      parent,
      root: unescaped(root),
      mount: { target: unescaped(target), device: unescaped(source), source: '', type, options },
    });
  }
  return [...lines.values()].map((line) => ({ ...line.mount, source: sourceOf(line, lines) }));
}

/** A bind mount shows the device of what it binds; the root within that device says which directory it is. */
function sourceOf({ parent, root, mount }: Line, lines: ReadonlyMap<string, Line>): string {
  const above = lines.get(parent);
  if (parent === '1' || above === undefined) return mount.device;
  const inside =
    above.root.length > 1 && root.startsWith(`${above.root}/`) ? root.slice(above.root.length) : root;
  return above.mount.target === '/' ? inside : `${above.mount.target}${inside}`;
}

function unescaped(text: string): string {
  return text.replace(/\\([0-7]{3})/g, (_all, octal: string) =>
    String.fromCharCode(Number.parseInt(octal, 8)),
  );
}
