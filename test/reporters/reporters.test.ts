import { PassThrough } from 'node:stream';
import { stripVTControlCharacters } from 'node:util';
import { afterAll, describe, expect, it, vi } from 'vitest';
import type { RunEvent } from '../../src/engine/events.ts';
import { createReporter, type ReporterOptions } from '../../src/reporters/reporter.ts';
import { Row } from '../../src/reporters/row.ts';
import { width } from '../../src/reporters/text.ts';

const place = { file: 'roles/nginx/tasks/main.yaml', line: 12, column: 3 };
const task = (event: Partial<Extract<RunEvent, { event: 'task' }>>): RunEvent => ({
  event: 'task',
  host: 'web1',
  task: 'nginx : Write the configuration',
  module: 'template',
  place,
  status: 'ok',
  handler: false,
  seconds: 1.23,
  ...event,
});
const none = { ok: 0, changed: 0, skipped: 0, failed: 0, unreachable: 0, unknown: 0, rescued: 0, ignored: 0 };
const change = { what: 'content', path: '/etc/nginx/nginx.conf', from: 'a\nb\n', to: 'a\nc\n' };
const events: RunEvent[] = [
  {
    event: 'start',
    playbook: 'playbooks/site.yaml',
    inventory: 'inventory/lab.yaml',
    hosts: ['balancer1', 'web1'],
    mode: 'apply',
    at: '2026-08-01T00:00:00.000Z',
  },
  { event: 'play', name: 'Web', hosts: ['web1'] },
  { event: 'begin', host: 'web1', task: 'nginx : Write the configuration', module: 'template' },
  task({ status: 'changed', changes: [change, { what: 'mode', from: '0600', to: '0644' }] }),
  { event: 'output', host: 'web1', line: 'a line' },
  task({ task: 'nginx : Be up', item: 'nginx' }),
  task({
    host: 'balancer1',
    task: 'Reload',
    handler: true,
    status: 'failed',
    message: 'no\nway',
    hint: 'look there',
  }),
  task({ task: 'Try', status: 'failed', ignored: true, message: 'well', seconds: 0 }),
  { event: 'warning', host: 'web1', message: 'odd' },
  {
    event: 'recap',
    hosts: { balancer1: { ...none, ok: 3, failed: 1 }, web1: { ...none, ok: 12, changed: 1 } },
    seconds: 12.4,
  },
];

async function report(options: Partial<ReporterOptions>, given = events, columns?: number): Promise<string> {
  const stream = new PassThrough() as unknown as NodeJS.WriteStream;
  let written = '';
  stream.on('data', (chunk) => {
    written += chunk;
  });
  if (columns) Object.assign(stream, { isTTY: true, columns });
  const reporter = createReporter({ output: 'plain', verbosity: 0, diff: false, stream, ...options });
  for (const event of given) reporter.emit(event);
  await reporter.close();
  return written;
}

const recap = `
host       ok  changed  skipped  failed  unreachable
balancer1   3        0        0       1            0
web1       12        1        0       0            0

1 task failed, 1 change made (2 hosts, 12 s)
`;

describe('plain', () => {
  it('says what changed and what failed', async () => {
    expect(await report({})).toBe(`web1       changed      nginx : Write the configuration  (1.2 s)
balancer1  failed       Reload (handler)  (1.2 s)
    roles/nginx/tasks/main.yaml:12
    no
    way
    hint: look there
web1       ignored      Try
    roles/nginx/tasks/main.yaml:12
    well
warning: web1: odd
${recap}`);
  });

  it('shows differences', async () => {
    expect(await report({ diff: true })).toContain(`
    --- /etc/nginx/nginx.conf (before)
    +++ /etc/nginx/nginx.conf (after)
    @@ -1,2 +1,2 @@
     a
    -b
    +c
    mode: 0600 -> 0644
`);
  });

  it('says more with -v and -vv', async () => {
    expect(await report({ verbosity: 1 })).toContain(
      'web1       ok           nginx : Be up (nginx)  (1.2 s)',
    );
    expect(await report({ verbosity: 1 })).not.toContain('a line');
    expect(await report({ verbosity: 2 })).toContain('web1       | a line');
  });

  it('shows what debug tasks say', async () => {
    const debug: RunEvent[] = [
      events[0]!,
      { event: 'output', host: 'web1', line: 'the answer', task: 'Tell', message: true },
      { event: 'output', host: 'web1', line: 'is 42', task: 'Tell', message: true },
      { event: 'output', host: 'db1', line: 'none', task: 'Tell', message: true },
      task({ task: 'Tell', module: 'debug' }),
      { event: 'begin', host: 'web1', task: 'Run', module: 'command' },
      { event: 'output', host: 'web1', line: 'noise' },
      events.at(-1)!,
    ];
    const plain = await report({}, debug);
    expect(plain).toContain('web1       | the answer\n');
    expect(plain).not.toContain('noise');
    const live = await report({ output: 'live' }, debug, 80);
    expect(stripVTControlCharacters(live)).toContain(
      'Tell\n  web1       the answer\n             is 42\n  db1        none\n',
    );
    expect(live.slice(live.indexOf('the answer'))).not.toContain('noise');
  });

  it('is silent but for the table when all is settled', async () => {
    const settled = [
      events[0]!,
      task({}),
      { event: 'recap', hosts: { web1: { ...none, ok: 1 } }, seconds: 0.5 },
    ];
    expect(await report({}, settled as RunEvent[])).toBe(
      'host  ok  changed  skipped  failed  unreachable\nweb1   1        0        0       0            0\n\nnothing to change (1 host, 0.5 s)\n',
    );
  });

  it('says that it was interrupted, also before anything changed', async () => {
    const end: RunEvent = { event: 'recap', hosts: { web1: none }, seconds: 1, interrupted: true };
    expect(await report({}, [events[0]!, end])).toContain('\n\ninterrupted (1 host, 1.0 s)\n');
    expect(await report({ output: 'json' }, [events[0]!, end])).not.toContain('interrupted');
  });

  it('says when nobody took part', async () => {
    expect(await report({}, [events[0]!, { event: 'recap', hosts: {}, seconds: 1 }])).toContain(
      'no host took part (0 hosts, 1.0 s)\n',
    );
  });

  it('speaks of changes to make in check mode', async () => {
    const checked = events.map((event) =>
      event.event === 'start' ? { ...event, mode: 'check' as const } : event,
    );
    expect(await report({}, checked)).toContain('1 change to make');
  });

  it('paints only when asked to', async () => {
    expect(await report({})).not.toContain('\x1b');
    const painted = await report({ color: true });
    expect(painted).toContain('\x1b[31mfailed\x1b[39m');
    expect(stripVTControlCharacters(painted)).toBe(await report({}));
  });
});

describe('json', () => {
  it('is one event a line, the recap last and exact', async () => {
    const lines = (await report({ output: 'json' })).trimEnd().split('\n');
    expect(lines.map((line) => JSON.parse(line))).toEqual(events);
    expect(lines.at(-1)).toBe(
      '{"event":"recap","hosts":{"balancer1":{"ok":3,"changed":0,"skipped":0,"failed":1,"unreachable":0,"unknown":0,"rescued":0,"ignored":0},"web1":{"ok":12,"changed":1,"skipped":0,"failed":0,"unreachable":0,"unknown":0,"rescued":0,"ignored":0}},"seconds":12.4}',
    );
  });
});

describe('live', () => {
  it('ends with changes, failures and the table, and gives the cursor back', async () => {
    const written = await report({ output: 'live' }, events, 80);
    const end = stripVTControlCharacters(written.slice(written.indexOf('\x1b[?25h')));
    expect(end).toBe(`changed  nginx : Write the configuration  (web1)

balancer1  failed       Reload (handler)  (1.2 s)
    roles/nginx/tasks/main.yaml:12
    no
    way
    hint: look there

web1       ignored      Try
    roles/nginx/tasks/main.yaml:12
    well

warning: web1: odd
${recap}`);
    expect(written.split('\x1b[?25l')).toHaveLength(2);
  });

  it('never passes the width of the terminal', async () => {
    const long = 'word '.repeat(30) + 'x'.repeat(100);
    const wide: RunEvent[] = [
      events[0]!,
      { event: 'begin', host: 'web1', task: long, module: 'command' },
      { event: 'output', host: 'web1', line: long },
      task({
        task: long,
        status: 'changed',
        changes: [
          { ...change, to: long },
          { what: 'x', from: long, to: '' },
        ],
      }),
      task({ task: long, status: 'failed', message: long, hint: long, item: long }),
      { event: 'warning', message: long },
      events.at(-1)!,
    ];
    for (const diff of [true, false]) {
      const written = await report({ output: 'live', diff }, wide, 60);
      const lines = stripVTControlCharacters(written).split(/[\r\n]+/);
      expect(Math.max(...lines.map(width))).toBeLessThan(60);
    }
  });

  it('cuts a long title rather than the hosts that changed', async () => {
    const title = 'nginx : Write what is to be said at length about the configuration of every site';
    const written = await report(
      { output: 'live' },
      [events[0]!, task({ task: title, status: 'changed' }), events.at(-1)!],
      60,
    );
    expect(stripVTControlCharacters(written)).toMatch(/^changed {2}nginx : Write what .*… {2}\(web1\)$/m);
  });

  it('keeps the count of changes in its place', () => {
    const row = new Row('web1', 4, () => 80);
    row.end({ ...task({ status: 'changed' }), event: 'task' } as never);
    const still = row.title();
    vi.useFakeTimers();
    row.begin('Take a while');
    vi.advanceTimersByTime(75_000);
    const busy = row.title();
    vi.useRealTimers();
    expect(busy).toMatch(/ 1 changed {2}1 min 15 s$/);
    expect(still.indexOf('1 changed')).toBe(busy.indexOf('1 changed'));
    expect(width(busy)).toBeLessThan(80);
  });

  // listr2 takes it for granted when it is told to draw.
  const wereTerminals = [process.stdout, process.stderr].map((stream) => [stream, stream.isTTY] as const);
  afterAll(() => {
    for (const [stream, isTTY] of wereTerminals) stream.isTTY = isTTY;
  });

  it('shows the row of a running task with its last line', async () => {
    const stream = Object.assign(new PassThrough(), {
      isTTY: true,
      columns: 80,
    }) as unknown as NodeJS.WriteStream;
    let written = '';
    stream.on('data', (chunk) => {
      written += stripVTControlCharacters(String(chunk));
    });
    const stop = new AbortController();
    const reporter = createReporter({ verbosity: 0, diff: false, stream, signal: stop.signal });
    for (const event of events.slice(0, 3)) reporter.emit(event);
    reporter.emit({ event: 'output', host: 'web1', line: 'Unpacking libfoo' });
    const shown = async (text: RegExp) => vi.waitUntil(() => text.test(written), { timeout: 120_000 });
    await shown(/web1 +nginx : Write the configuration +\d+\.\d s/);
    stop.abort();
    await shown(/web1 +stopping: nginx : Write the configuration +\d+\.\d s/);
    reporter.emit(events.at(-1)!);
    await reporter.close();
    expect(written).toMatch(/› Unpacking libfoo/);
    expect(written).toMatch(/balancer1 {2}waits/);
    expect(written).toMatch(/› no further task begins; Ctrl-C again leaves at once/);
  });
});
