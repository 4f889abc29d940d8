import { type Lab, startFoobar } from '../support.ts';
import type { Project } from './project.ts';

/** What one tool said of one run. */
export interface Told {
  readonly ends: readonly TaskEnd[];
  /** Counts of each host; `ok` counts changed ones too, as Ansible does. */
  readonly recap: Readonly<Record<string, Recap>>;
  /** Why tasks failed, and what else was said: shown beside a difference. */
  readonly remarks: readonly string[];
  readonly code: number | null;
}

/** How a task, or an item of its loop, ended on a host. */
export interface TaskEnd {
  readonly host: string;
  readonly task: string;
  readonly module: string;
  readonly status: string;
  readonly handler: boolean;
  readonly ignored?: boolean | undefined;
  readonly item?: string | null | undefined;
  readonly message?: string | undefined;
}

type AnsibleEvent =
  | (TaskEnd & { event: 'task'; loop: boolean })
  | { event: 'play'; name: string }
  | { event: 'recap'; hosts: Record<string, Record<string, number>> };

type Recap = Readonly<Partial<Record<string, number>>>;

const compared = ['ok', 'changed', 'unreachable', 'failed', 'skipped'] as const;

/** Seconds after which a run hangs. */
const patience = 240;

/** Runs ansible-playbook on the first twin. */
export async function runAnsible(lab: Lab, project: Project, check: boolean): Promise<Told> {
  const words = [
    'ansible-playbook',
    '-i',
    'inventory.yaml',
    ...options(project, check),
    project.playbook,
  ].map((word) => `'${word}'`);
  const { code, stdout, stderr } = await lab.exec(
    project.twins[0]!.ansible,
    `cd ${project.directory} && timeout ${patience} ${words.join(' ')} </dev/null`,
  );
  const events = stdout
    .split('\n')
    .filter((line) => line.startsWith('record '))
    .map((line) => JSON.parse(line.slice('record '.length)) as AnsibleEvent);
  const ends: TaskEnd[] = [];
  for (const event of events) {
    if (event.event !== 'task' || event.module === 'meta') continue;
    const last = ends.findLast(({ host }) => host === event.host);
    // A loop as a whole ends after its items.
    if (event.loop && last?.task === event.task && typeof last.item === 'string') continue;
    ends.push(event);
  }
  const recap = events.find((event) => event.event === 'recap')?.hosts ?? {};
  const hosts = Object.entries(recap).map(([host, { failures, ...counts }]) => [
    host,
    { ...counts, failed: failures },
  ]);
  const remarks = [...why(ends), ...(code === 0 ? [] : [`exit code ${code}`, ...tail(stderr)])];
  return { ends, recap: Object.fromEntries(hosts), remarks, code };
}

/** Runs foobar here. */
export async function runFoobar(project: Project, check: boolean): Promise<Told> {
  const inventory = `${project.directory}/inventory.yaml`;
  const words = ['--playbook', project.playbook, ...options(project, check)];
  const started = startFoobar('provision', inventory, ...words);
  const impatience = setTimeout(() => started.child.kill('SIGINT'), patience * 1000);
  const run = await started.end();
  clearTimeout(impatience);
  const mistakes = run.events.flatMap((event) =>
    event.event === 'mistake' && event.severity === 'error'
      ? [`${event.place?.file.split('/').at(-1)}:${event.place?.line}: ${event.message}`]
      : [],
  );
  const recap = Object.fromEntries(
    Object.entries(run.recap?.hosts ?? {}).map(([host, counts]) => [
      host,
      { ...counts, ok: counts.ok + counts.changed },
    ]),
  );
  const remarks = [...why(run.tasks), ...(run.code === 0 ? [] : [`exit code ${run.code}`])];
  return {
    ends: run.tasks,
    recap,
    remarks: mistakes.length > 0 ? mistakes : [...remarks, ...tail(run.stderr)],
    code: run.code,
  };
}

function options(project: Project, check: boolean): string[] {
  return [...project.options, ...(check ? ['--check'] : [])];
}

/** The run as text, to be compared line by line. */
export function told({ ends, recap }: Told): string[] {
  const hosts = [...new Set([...ends.map(({ host }) => host), ...Object.keys(recap)])].sort();
  return hosts.flatMap((host) => {
    const counts = compared.flatMap((key) => (recap[host]?.[key] ? [`${key}=${recap[host][key]}`] : []));
    return [...ends.filter((end) => end.host === host).map(sentence), `${host}: recap: ${counts.join(' ')}`];
  });
}

/** Modules that Ansible skips in check mode, where foobar tells that they would do something, or answers. */
const skippedInCheckMode: Readonly<Record<string, readonly string[]>> = {
  changed: ['command', 'shell', 'raw', 'script', 'tempfile', 'mysql_query'],
  ok: ['mysql_query', 'mysql_replication', 'mysql_variables'],
};

/**
 * What foobar says in check mode where it cannot know, and Ansible guesses, skips or fails since an earlier change was
 * not made: as Ansible ends it.
 */
export function withGuesses(foobar: Told, ansible: Told): Told {
  const key = (end: TaskEnd) => sentence({ ...end, status: '', ignored: false });
  const left = [...ansible.ends];
  let guessed = false;
  const ends = foobar.ends.map((end) => {
    const index = left.findIndex((other) => key(other) === key(end));
    const [other] = index < 0 ? [] : left.splice(index, 1);
    const unknown =
      end.status === 'unforeseen' && ['changed', 'failed', 'skipped'].includes(other?.status ?? '');
    const told = other?.status === 'skipped' && skippedInCheckMode[end.status]?.includes(kindOf(end));
    if (!other || !(unknown || told)) return end;
    guessed = true;
    return other;
  });
  return { ...foobar, ends, recap: guessed ? ansible.recap : foobar.recap };
}

function sentence({ host, task, module, status, handler, ignored, item }: TaskEnd): string {
  const name = task.replace(/^(ansible\.(builtin|posix)|community\.\w+)\./, '');
  const kind = kindOf({ module });
  // Labels that are no plain words are worded otherwise, and those of no_log left out by both.
  const label = typeof item === 'string' ? ` (${/[[{\n]|^\*+$/.test(item) ? '...' : item})` : '';
  // Ansible says so of the loop, not of its items.
  const forgiven = ignored && !label ? ', ignored' : '';
  return `${host}: ${handler ? 'handler ' : ''}${name} [${kind}]${label}: ${status}${forgiven}`;
}

function kindOf({ module }: Pick<TaskEnd, 'module'>): string {
  const short = module.replace(/^(ansible\.(builtin|posix|legacy)|community\.\w+)\./, '');
  // What Ansible's gather_facts chooses.
  return short === 'gather_facts' ? 'setup' : short;
}

function why(ends: readonly TaskEnd[]): string[] {
  return ends
    .filter(({ status }) => status === 'failed' || status === 'unreachable')
    .map(({ host, task, message }) => `${host}: ${task}: ${message}`);
}

function tail(text: string): string[] {
  return text.trim().split('\n').filter(Boolean).slice(-12);
}
