import { Listr, ListrLogger } from 'listr2';
import type { RunEvent } from '../engine/events.ts';
import { display } from '../terminal.ts';
import { Canvas } from './canvas.ts';
import type { Reporter, ReporterSetting } from './reporter.ts';
import { Row } from './row.ts';
import { clip, pad, wrap } from './text.ts';
import {
  isChange,
  isFailure,
  type RecapEvent,
  recapLines,
  type Setting,
  type TaskEvent,
  taskDetails,
  taskLine,
  taskTitle,
} from './wording.ts';

/** Milliseconds between two looks at the rows: a settled run ends thousands of tasks a second. */
const frame = 100;
/** More changes than these are counted, not listed, unless differences or `-v` are wanted. */
const mostListed = 20;

type OutputEvent = Extract<RunEvent, { event: 'output' }>;

/** For a terminal: a row for each host with what it is at; in the end failures, changes and a table. */
export function liveReporter(setting: ReporterSetting): Reporter {
  const { colors, stream, diff, verbosity } = setting;
  const columns = () => Math.max(40, stream.columns || 80) - 1;
  const rows = new Map<string, Row>();
  const shown: TaskEvent[] = [];
  const warnings: string[] = [];
  /** What tasks are there to tell. */
  const messages: OutputEvent[] = [];
  let check = false;
  let hostColumns = 0;
  let recap: RecapEvent | undefined;
  let drawing: Promise<unknown> | undefined;
  let clock: NodeJS.Timeout | undefined;
  let forget = (): void => {};

  function begin(hosts: readonly string[]): void {
    hostColumns = Math.max(0, ...hosts.map((host) => host.length));
    for (const host of hosts) rows.set(host, new Row(host, Math.min(hostColumns, 24), columns));
    const canvas = new Canvas(stream);
    forget = display(() => canvas.still());
    const list = new Listr(
      [...rows.values()].map((row) => ({ title: row.title(), task: (_context, task) => row.attach(task) })),
      {
        concurrent: true,
        exitOnError: false,
        registerSignalListeners: false,
        renderer: 'default',
        fallbackRenderer: 'silent',
        forceTTY: stream.isTTY === true,
        rendererOptions: {
          clearOutput: true,
          showErrorMessage: false,
          collapseErrors: false,
          formatOutput: 'truncate',
          logger: new ListrLogger({ useIcons: true, processOutput: canvas }),
        },
      },
    );
    drawing = list.run();
    clock = setInterval(() => {
      for (const row of rows.values()) row.refresh();
    }, frame);
    clock.unref();
    setting.signal?.addEventListener('abort', () => {
      for (const row of rows.values()) row.stopping();
      [...rows.values()].at(-1)?.say('no further task begins; Ctrl-C again leaves at once');
    });
  }

  function emit(event: RunEvent): void {
    switch (event.event) {
      case 'start':
        check = event.mode === 'check';
        begin(event.hosts);
        break;
      case 'begin':
        rows.get(event.host)?.begin(event.task);
        break;
      case 'output':
        rows.get(event.host)?.say(event.line);
        if (event.message) messages.push(event);
        break;
      case 'task':
        rows.get(event.host)?.end(event);
        if (isChange(event) || isFailure(event) || verbosity > 0) shown.push(event);
        break;
      case 'warning':
        warnings.push(`warning: ${event.host ? `${event.host}: ` : ''}${event.message}`);
        break;
      case 'recap':
        recap = event;
        break;
      case 'play':
        break;
    }
  }

  async function close(): Promise<void> {
    clearInterval(clock);
    for (const row of rows.values()) row.finish();
    await drawing;
    forget();
    const lines = summary({ colors, diff, columns: columns() });
    if (lines.length > 0) setting.write(`${lines.join('\n')}\n`);
  }

  function summary(words: Setting): string[] {
    const width = columns();
    const failures = shown.filter(isFailure);
    const changes = shown.filter((event) => !isFailure(event));
    const block = (event: TaskEvent) => [
      taskLine(event, hostColumns, words),
      ...taskDetails(event, words),
      ...(isFailure(event) || (diff && event.changes?.length) ? [''] : []),
    ];
    const lines = toldLines(width);
    const separate = () => {
      if (lines.length > 0 && lines.at(-1) !== '') lines.push('');
    };
    separate();
    lines.push(...(diff || verbosity > 0 ? changes.flatMap(block) : listed(changes, width)));
    separate();
    lines.push(...failures.flatMap(block));
    for (const warning of warnings) lines.push(...wrap(warning, width).map(colors.yellow));
    if (warnings.length > 0) lines.push('');
    return recap ? [...lines, ...recapLines(recap, check, words)] : lines;
  }

  /** Messages under the task that tells them; a host's further lines stand below its first. */
  function toldLines(width: number): string[] {
    const lines: string[] = [];
    let [task, host]: (string | undefined)[] = [];
    for (const event of messages) {
      if (event.task !== task) {
        lines.push(...(lines.length > 0 ? [''] : []), colors.bold(clip(event.task ?? '', width)));
        host = undefined;
      }
      const name = event.host === host ? '' : event.host;
      const margin = `  ${pad(name, hostColumns)}  `;
      const [first = '', ...rest] = wrap(event.line, Math.max(20, width - margin.length));
      lines.push((margin + first).trimEnd(), ...rest.map((each) => ' '.repeat(margin.length) + each));
      [task, host] = [event.task, event.host];
    }
    return lines;
  }

  /** Changes by task, with the hosts that had them. */
  function listed(changes: readonly TaskEvent[], width: number): string[] {
    const hosts = new Map<string, string[]>();
    for (const event of changes) {
      const title = taskTitle(event);
      hosts.set(title, [...(hosts.get(title) ?? []), event.host]);
    }
    if (hosts.size > mostListed) return [];
    return [...hosts].map(([title, names]) => {
      const where = new Set(names).size === rows.size ? 'all hosts' : [...new Set(names)].join(', ');
      // A long title gives way to the hosts.
      const hosts = clip(`  (${where})`, width / 2);
      return `${colors.yellow('changed')}  ${clip(title, width - 'changed  '.length - hosts.length)}${hosts}`;
    });
  }

  return { emit, close };
}
