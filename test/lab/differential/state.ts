import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { unifiedDiff } from '../../../src/reporters/unified-diff.ts';
import type { Lab } from '../support.ts';
import type { Project } from './project.ts';
import { fleet, results } from './twins.ts';

type Entry = Readonly<Record<string, string>>;
/** What is on a host, and on the controller beside the playbooks. */
export type State = ReadonlyMap<string, Entry>;

const roots = [
  '/etc',
  '/home',
  '/opt',
  '/root',
  '/run/systemd/system',
  '/srv',
  '/usr/local',
  '/var/spool/cron',
  '/var/www',
  '/var/lib/dpkg/alternatives',
  '/var/cache/debconf/config.dat',
  results,
];

/** What differs for a good reason. */
const ignored: readonly (readonly [what: RegExp, why: string])[] = [
  [/^\/(root|home\/\w+)\/\.ansible(_async)?(\/|$)/, "tools' own files"],
  [/^\/root\/\.(npm|cache)(\/|$)/, 'caches and logs with moments in them'],
  [/\/__pycache__(\/|$)/, "Python's own files"],
  [
    /\.git\/(modules\/\w+\/)?(index|ORIG_HEAD|FETCH_HEAD|packed-refs|logs|objects|refs)(\/|$)/,
    "git's own: moments, and how it came",
  ],
  [/^\/etc\/lab-certs\/\w+\.(key|pem)$/, 'each made a key of its own'],
  [/^\/etc\/(passwd|group|shadow|gshadow|subuid|subgid)-$/, 'what was there one step ago'],
  [/^\/etc\/\.pwd\.lock$|^\/etc\/ld\.so\.cache$/, 'written by programs for themselves'],
  [
    /^(unit|mount) .*(session-|user@|user-runtime-dir@|run-user|\/run\/user)/,
    'foobar logs in over SSH, Ansible is there',
  ],
  [/^unit ssh@|^unit run-|^unit foobar-/, 'how a tool gets there and starts programs'],
  [/^unit (apt-|dpkg-|e2scrub|fstrim|logrotate|man-db|systemd-tmpfiles-clean|motd)/, "Debian's timers"],
  [/^unit systemd-(hostnamed|timedated|localed)\.(service|socket)$/, 'started when asked, ended when idle'],
  [
    /^controller (\.foobar|callback_plugins\/__pycache__|host_vars\/\w+\/connection\.yaml)/,
    "each tool's own",
  ],
];

/** Keys of results whose values no two runs share, or which say how a tool did it. */
const volatile = new Set(
  [
    // Moments and durations.
    [
      'delta',
      'start',
      'end',
      'atime',
      'mtime',
      'ctime',
      'elapsed',
      'execution_time_ms',
      'cache_update_time',
      'birthtime',
      'date',
    ],
    // Numbers that the kernel or the file system gives.
    ['inode', 'dev', 'pid', 'version_inode', 'ansible_job_id', 'results_file'],
    // For people.
    [
      'warnings',
      'deprecations',
      'exception',
      'diff',
      'invocation',
      'discovered_interpreter_python',
      'failed_when_suppressed_exception',
    ],
  ].flat(),
);

/** What is on a host now; of the first one, what is on its controller too. */
export async function takeState(
  lab: Lab,
  project: Project,
  side: 'ansible' | 'foobar',
  index: number,
): Promise<State> {
  const host = project.twins[index]![side];
  const controller = index === 0 && side === 'ansible' ? [project.directory] : [];
  const script = readFileSync('test/differential/snapshot.py', 'utf8');
  const words = ['python3', '-', ...roots, ...controller];
  const { code, stdout, stderr } = await lab.exec(host, words.join(' '), script);
  if (code !== 0) throw new Error(`${host}: ${stderr}`);
  const state = new Map<string, Entry>();
  for (const [key, entry] of Object.entries(JSON.parse(stdout) as Record<string, Entry>)) {
    if (!key.startsWith(project.directory)) state.set(key, entry);
    else if (entry.content !== undefined)
      state.set(`controller ${key.slice(project.directory.length + 1)}`, { content: entry.content });
  }
  if (index === 0 && side === 'foobar')
    for (const [key, entry] of controllerFiles(project)) state.set(key, entry);
  const same = sameWords(lab, project);
  return new Map(
    [...state]
      .filter(([key]) => !ignored.some(([what]) => what.test(key)))
      .map(([key, entry]) => [key, mapValues(entry, (value) => same(comparable(key, value)))]),
  );
}

function controllerFiles(project: Project): [string, Entry][] {
  return readdirSync(project.directory, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => {
      const path = join(entry.parentPath, entry.name);
      return [
        `controller ${path.slice(project.directory.length + 1)}`,
        { content: readFileSync(path, 'utf8') },
      ];
    });
}

/** Twins' addresses differ, and each has network interfaces of its own. */
function sameWords(lab: Lab, { twins }: Project): (text: string) => string {
  const addresses = twins.flatMap(({ ansible, foobar }, index) =>
    [ansible, foobar].map((host) => [lab.address(host), `<address of ${fleet[index]!.name}>`] as const),
  );
  return (text) =>
    addresses
      .reduce((result, [address, word]) => result.replaceAll(address, word), text)
      .replace(/\b(?:[0-9a-f]{2}:){5}[0-9a-f]{2}\b/g, '<MAC>')
      .replace(/\/root\/\.ansible\/tmp\/[\w./-]+/g, '<temporary file>');
}

function comparable(key: string, value: string): string {
  // shadow(5): salted hashes, days since 1970.
  if (key === '/etc/shadow')
    return value
      .replace(/:(!?\$\w+)\$[^:]*:\d*:/g, ':$1$...:DAY:')
      .replace(/^([^:]*:[^:]*):\d+:/gm, '$1:DAY:');
  // crontab(1) notes when it was installed, and from where.
  if (key.startsWith('/var/spool/cron/')) return value.replace(/^# \(\S+ installed on .*\)\n/gm, '');
  if (key.startsWith('/var/spool/cron/')) return value.replace(/^# \(\S+ installed on .*\n/m, '');
  if (!key.startsWith(`${results}/`) || !/^[[{]/.test(value)) return value;
  try {
    return `${JSON.stringify(steady(JSON.parse(value)), null, 2)}\n`;
  } catch {
    return value;
  }
}

function steady(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(steady);
  if (typeof value !== 'object' || value === null) return value;
  const entries = Object.entries(value).filter(([key, item]) => !volatile.has(key) && !isTemporary(item));
  return Object.fromEntries(
    entries.sort(([a], [b]) => (a < b ? -1 : 1)).map(([key, item]) => [key, steady(item)]),
  );
}

/** Ansible tells which file of its own it copied; foobar has none. */
function isTemporary(value: unknown): boolean {
  return typeof value === 'string' && /^\/root\/\.ansible\/tmp\/[^\n]*$/.test(value);
}

/**
 * What became different between the twins: of all that changed on either since, what is not the same now.
 * @param check registered results are left out: Ansible's modules guess in check mode, foobar's know or say nothing
 */
export function compareStates(
  before: readonly [State, State],
  after: readonly [State, State],
  check: boolean,
): string[] {
  const keys = new Set([...before, ...after].flatMap((state) => [...state.keys()]));
  return [...keys].sort().flatMap((key) => {
    if (check && key.startsWith(`${results}/`)) return [];
    const [left, right] = after.map((state) => state.get(key));
    const moved = after.some((state, side) => !same(state.get(key), before[side]!.get(key)));
    return !moved || same(left, right) ? [] : difference(key, left, right);
  });
}

function difference(key: string, ansible: Entry | undefined, other: Entry | undefined): string[] {
  const foobar = ansible && other && withoutMore(key, other, ansible);
  if (!ansible || !foobar)
    return [`${key}: only ${ansible ? 'Ansible' : 'foobar'} leaves it: ${worded(ansible ?? other!)}`];
  const names = new Set([...Object.keys(ansible), ...Object.keys(foobar)]);
  return [...names].flatMap((name) => {
    const [left = '', right = ''] = [ansible[name], foobar[name]];
    if (left === right) return [];
    if (name !== 'content') return [`${key}: ${name}: Ansible ${left}, foobar ${right}`];
    return [`${key}: content (- Ansible, + foobar)`, ...unifiedDiff(left, right).map((line) => `  ${line}`)];
  });
}

/**
 * Registered results: foobar may tell more than Ansible, and words its failures itself. What playbooks put together
 * is compared whole.
 */
function withoutMore(key: string, foobar: Entry, ansible: Entry): Entry {
  if (!key.startsWith(`${results}/`)) return foobar;
  const [mine, theirs] = [foobar, ansible].map(({ content = '' }) => parsed(content));
  if (mine === undefined || theirs === undefined) return foobar;
  return { ...foobar, content: `${JSON.stringify(reduced(mine, theirs), null, 2)}\n` };
}

/** A document of JSON that is a list or a mapping. */
function parsed(text: string): unknown {
  if (!/^[[{]/.test(text)) return undefined;
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

function reduced(foobar: unknown, ansible: unknown): unknown {
  if (Array.isArray(foobar) && Array.isArray(ansible))
    return foobar.map((item, index) => reduced(item, ansible[index]));
  if (!isRecord(foobar) || !isRecord(ansible)) return foobar;
  const isResult = Object.hasOwn(ansible, 'changed');
  const entries = Object.entries(foobar).filter(([key]) => !isResult || Object.hasOwn(ansible, key));
  return Object.fromEntries(
    entries.map(([key, value]) => [
      key,
      key === 'msg' && ansible.failed && foobar.failed ? ansible.msg : reduced(value, ansible[key]),
    ]),
  );
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function worded(entry: Entry): string {
  const text = Object.values(entry).map((value) =>
    value.length > 300 ? `${value.slice(0, 300)}...` : value,
  );
  return text.join(' ').trim().replaceAll('\n', '\n    ');
}

function same(left: Entry | undefined, right: Entry | undefined): boolean {
  return JSON.stringify(left) === JSON.stringify(right);
}

function mapValues(entry: Entry, change: (value: string) => string): Entry {
  return Object.fromEntries(Object.entries(entry).map(([key, value]) => [key, change(value)]));
}
