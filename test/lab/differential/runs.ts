import type { HostRecap } from '../../../src/engine/events.ts';
import { foobar, type Lab } from '../support.ts';
import type { Project } from './project.ts';

/** What one tool said of one run. */
export interface Told {
  /** Each task's end on each host, then the recap, as text: what is compared. */
  readonly lines: readonly string[];
  /** Why tasks failed, and what else was said: shown beside a difference. */
  readonly remarks: readonly string[];
}

interface TaskEnd {
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
  | (TaskEnd & { event: 'task'; include: boolean; loop: boolean })
  | { event: 'play'; name: string }
  | { event: 'recap'; hosts: Record<string, Record<string, number>> };

const compared = ['ok', 'changed', 'unreachable', 'failed', 'skipped', 'rescued', 'ignored'] as const;

/** Runs ansible-playbook on the first twin. */
export async function runAnsible(lab: Lab, project: Project, check: boolean): Promise<Told> {
  const words = ['ansible-playbook', '-i', 'inventory.yaml', ...(check ? ['--check'] : []), project.playbook];
  const { code, stdout, stderr } = await lab.exec(
    project.twins[0]!.ansible,
    `cd ${project.directory} && ${words.join(' ')} </dev/null`,
  );
  const events = stdout
    .split('\n')
    .filter((line) => line.startsWith('record '))
    .map((line) => JSON.parse(line.slice('record '.length)) as AnsibleEvent);
  const ends: TaskEnd[] = [];
  for (const event of events) {
    if (event.event !== 'task' || (event.include && event.status === 'ok')) continue;
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
  const remarks = [...why(ends), ...(code === 0 ? [] : [`exit code ${code}`]), ...tail(stderr)];
  return { lines: told(ends, Object.fromEntries(hosts)), remarks };
}

/** Runs foobar here. */
export async function runFoobar(project: Project, check: boolean): Promise<Told> {
  const inventory = `${project.directory}/inventory.yaml`;
  const run = await foobar(
    'provision',
    inventory,
    '--playbook',
    project.playbook,
    ...(check ? ['--check'] : []),
  );
  const mistakes = run.events.flatMap((event) =>
    event.event === 'mistake' && event.severity === 'error'
      ? [`${event.place?.file.split('/').at(-1)}:${event.place?.line}: ${event.message}`]
      : [],
  );
  const recap = (run.recap?.hosts ?? {}) as Record<string, HostRecap>;
  const remarks = [...mistakes, ...why(run.tasks), ...(run.code === 0 ? [] : [`exit code ${run.code}`])];
  return { lines: told(run.tasks, recap), remarks: [...remarks, ...tail(run.stderr)] };
}

function told(ends: readonly TaskEnd[], recap: Record<string, Partial<Record<string, number>>>): string[] {
  const hosts = [...new Set([...ends.map(({ host }) => host), ...Object.keys(recap)])].sort();
  return hosts.flatMap((host) => {
    const counts = compared.flatMap((key) => (recap[host]?.[key] ? [`${key}=${recap[host][key]}`] : []));
    return [...ends.filter((end) => end.host === host).map(sentence), `${host}: recap: ${counts.join(' ')}`];
  });
}

function sentence({ host, task, module, status, handler, ignored, item }: TaskEnd): string {
  const name = task.replace(/^(ansible\.(builtin|posix)|community\.\w+)\./, '');
  const kind = module.replace(/^(ansible\.(builtin|posix|legacy)|community\.\w+)\./, '');
  // Labels that are no plain words are worded otherwise.
  const label = typeof item === 'string' ? ` (${/[[{\n]/.test(item) ? '...' : item})` : '';
  // What check mode cannot know counts as a change.
  const end = status === 'unknown' ? 'changed' : status;
  return `${host}: ${handler ? 'handler ' : ''}${name} [${kind}]${label}: ${end}${ignored ? ', ignored' : ''}`;
}

function why(ends: readonly TaskEnd[]): string[] {
  return ends
    .filter(({ status }) => status === 'failed' || status === 'unreachable')
    .map(({ host, task, message }) => `${host}: ${task}: ${message}`);
}

function tail(text: string): string[] {
  return text.trim().split('\n').filter(Boolean).slice(-12);
}
