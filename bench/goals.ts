import { type Figures, kilobytes, type Results, seconds, short, times, worksOf } from './figures.ts';

/** What was aimed at, what was measured, whether that is enough. */
export interface Goal {
  readonly work: string;
  readonly goal: string;
  readonly measured: string;
  /** Undefined: nothing was measured. */
  readonly isMet: boolean | undefined;
}

/** A measured value, and whether it is enough. */
type Finding = readonly [text: string, isMet: boolean] | undefined;

/** OpenSSH opens a session and starts its program in two round trips after the connection stands. */
const afterLogin = 2;

export function goals(results: Results): Goal[] {
  const works = worksOf(results);
  const of = (work: string, tool: string): Figures | undefined => works[work]?.tools?.[tool];
  const wall = (work: string, tool: string) => of(work, tool)?.wall[1];
  const number = (work: string, name: string) => works[work]?.numbers?.[name];
  const ratio = (
    work: string,
    over: string,
    under: string,
    isEnough: (value: number) => boolean,
  ): Finding => {
    const [upper, lower] = [wall(work, over), wall(work, under)];
    return upper && lower ? [times(upper / lower), isEnough(upper / lower)] : undefined;
  };
  const below = (value: number | undefined, limit: number, text: (value: number) => string): Finding =>
    value === undefined ? undefined : [text(value), value <= limit];
  const atMost = (limit: number) => (value: number) => value <= limit;
  const atLeast = (limit: number) => (value: number) => value >= limit;
  const trips = (work: string, tool: string) => of(work, tool)?.wire?.roundTrips;
  const login = trips('login, 50 ms away', 'ssh');
  const afterConnection = (work: string, limit: number): Finding => {
    const all = trips(work, 'foobar');
    if (all === undefined || login === undefined) return undefined;
    const connection = login - afterLogin;
    return [`${all} round trips, ${connection} for the connection`, all - connection <= limit];
  };
  const milliseconds = (value: number) => `${(value * 1000).toFixed(0)} ms`;
  const fewer = (work: string, what: 'cpu' | 'processes'): Finding => {
    const own = of(work, 'foobar')?.hosts?.[what];
    const peers = (['Mitogen', 'Ansible'] as const).flatMap((tool) => of(work, tool)?.hosts?.[what] ?? []);
    if (own === undefined || peers.length === 0) return undefined;
    const text = (value: number) => (what === 'cpu' ? seconds(value) : String(value));
    return [`${text(own)} beside ${text(Math.min(...peers))}`, own < Math.min(...peers)];
  };
  const table: readonly (readonly [work: string, goal: string, finding: Finding])[] = [
    ['The whole site settled', 'below 1 s', below(wall('site settled', 'foobar'), 1, seconds)],
    ['', 'at most 2 x its floor', ratio('site settled', 'foobar', 'floor', atMost(2))],
    ['', 'at least 70 x faster than Mitogen', ratio('site settled', 'Mitogen', 'foobar', atLeast(70))],
    ['100 settled tasks', 'at most 1.5 x the floor', ratio('100 settled', 'foobar', 'floor', atMost(1.5))],
    ['', 'at least 100 x faster than Mitogen', ratio('100 settled', 'Mitogen', 'foobar', atLeast(100))],
    ['', 'at least 20 x faster than pyinfra', undefined],
    ['', 'below the floor with connections kept open', overKept()],
    [
      '100 settled tasks, 50 ms away',
      'connection + 3 round trips',
      afterConnection('100 settled, 50 ms away', 3),
    ],
    [
      '100 changing tasks, 50 ms away',
      'connection + 100 + 5 round trips',
      afterConnection('100 changing, 50 ms away', 105),
    ],
    [
      '',
      'at least 20 x faster than Mitogen',
      ratio('100 changing, 50 ms away', 'Mitogen', 'foobar', atLeast(20)),
    ],
    [
      'First provision of the whole site',
      'at most 1.15 x what packages, services and clone take',
      below(
        number('site from nothing, critical path', 'whole run to packages, services and clone, x'),
        1.15,
        times,
      ),
    ],
    [
      'Controller CPU for a settled task',
      'below 0.15 ms',
      below(number('settled task', 'controller CPU, ms'), 0.15, (value) => `${short(value)} ms`),
    ],
    [
      'Controller memory',
      'below 120 MB with four hosts',
      below(of('100 settled', 'foobar')?.memory, 120, (value) => `${value} MB`),
    ],
    [
      '',
      'below 0.5 MB for one host more',
      below(
        number('memory of 1000', 'one host more, MB') ?? number('memory of 200', 'one host more, MB'),
        0.5,
        (value) => `${short(value)} MB`,
      ),
    ],
    ['200 hosts', 'ping at most 1.2 x the floor', ratio('ping 200', 'foobar', 'floor', atMost(1.2))],
    ['1,000 hosts', 'ping at most 1.2 x the floor', ratio('ping 1000', 'foobar', 'floor', atMost(1.2))],
    ['200 hosts', '100 settled tasks at least 30 x faster than Ansible with forks 50', manyHosts(200)],
    ['1,000 hosts', '100 settled tasks at least 30 x faster than Ansible with forks 50', manyHosts(1000)],
    ['', "no failed connection with sshd's default limits", reachedAll()],
    ['On the hosts', 'less CPU than any peer, 100 settled tasks', fewer('100 settled', 'cpu')],
    ['', 'fewer processes, 100 settled tasks', fewer('100 settled', 'processes')],
    ['', 'less CPU, 100 changing tasks', fewer('100 changing', 'cpu')],
    ['', 'fewer processes, 100 changing tasks', fewer('100 changing', 'processes')],
    ['', 'less CPU, the whole site settled', fewer('site settled', 'cpu')],
    ['', 'fewer processes, the whole site settled', fewer('site settled', 'processes')],
    ['', 'nothing left behind by settled runs', leftovers()],
    ['`foobar --version`', 'below 80 ms', below(wall('command line', '--version'), 0.08, milliseconds)],
    ['`foobar --help`', 'below 80 ms', below(wall('command line', '--help'), 0.08, milliseconds)],
    ['`foobar check` of the lab', 'below 250 ms', below(wall('command line', 'check'), 0.25, milliseconds)],
  ];
  return table.map(([work, goal, finding]) => ({
    work,
    goal,
    measured: finding?.[0] ?? '',
    isMet: finding?.[1],
  }));

  function overKept(): Finding {
    const [kept, floor] = ['foobar', 'floor'].map((tool) => wall('100 settled, connections kept', tool));
    return kept && floor ? [`${seconds(kept)} beside ${seconds(floor)}`, kept < floor] : undefined;
  }

  /** Ansible's rate is measured on fewer hosts. */
  function manyHosts(count: number): Finding {
    const theirs = number('many, Ansible', 'seconds for 100 tasks on 200 hosts at this rate');
    const ours = wall(`100 settled, ${count} hosts`, 'foobar');
    if (!theirs || !ours) return undefined;
    const factor = (theirs * count) / 200 / ours;
    return [times(factor), factor >= 30];
  }

  /** A run with a failed connection fails the bench, and so has no figures. */
  function reachedAll(): Finding {
    const runs = ['ping 1000', 'facts 1000', '100 settled, 1000 hosts'].map(
      (work) => of(work, 'foobar')?.runs,
    );
    if (runs.some((count) => count === undefined)) return undefined;
    return [`none in ${runs.reduce<number>((sum, count = 0) => sum + count, 0)} runs`, true];
  }

  function leftovers(): Finding {
    const spent = ['100 settled', 'site settled'].flatMap((work) => of(work, 'foobar')?.hosts ?? []);
    if (spent.length === 0) return undefined;
    const [files, running] = [spent.map((each) => each.files), spent.map((each) => each.running)].map(
      (each) => each.reduce((sum, value) => sum + value, 0),
    );
    return [`${files} files, ${running} processes`, files === 0 && running === 0];
  }
}

/** The tables of docs/performance.md, as Markdown. */
export function markdown(results: Results): string {
  const goalRows = goals(results).map(({ work, goal, measured, isMet }) => [
    work,
    goal,
    measured,
    isMet === undefined ? 'not measured' : isMet ? 'reached' : '**missed**',
  ]);
  const rows = Object.values(worksOf(results)).flatMap(({ title, tools = {}, numbers = {} }) => [
    ...Object.entries(tools).map(([tool, each], index) => [
      index === 0 ? title : '',
      tool,
      `${seconds(each.wall[1])}${each.runs > 1 ? ` (${seconds(each.wall[0])} to ${seconds(each.wall[2])})` : ''}`,
      `${seconds(each.cpu)}${each.memory ? `, ${each.memory} MB` : ''}`,
      each.hosts ? `${seconds(each.hosts.cpu)}, ${each.hosts.processes}, ${each.hosts.files}` : '',
      each.wire
        ? `${each.wire.roundTrips}, ${kilobytes(each.wire.sent)}, ${kilobytes(each.wire.received)}`
        : '',
      `\`${each.command}\``,
    ]),
    ...Object.entries(numbers).map(([name, value], index) => [
      index === 0 && Object.keys(tools).length === 0 ? title : '',
      name,
      short(value),
      '',
      '',
      '',
      '',
    ]),
  ]);
  return [
    ...measuredOn(results),
    '',
    table(['work', 'goal', 'measured', 'state'], goalRows),
    '',
    table(
      [
        'work',
        'tool',
        'wall: median (least to most)',
        'controller: CPU, memory',
        'hosts: CPU, processes, files left',
        'wire: round trips, there, back',
        'command',
      ],
      rows,
    ),
  ].join('\n');
}

/** What each part was measured on: once for parts that have it in common. */
function measuredOn(results: Results): string[] {
  const parts = new Map<string, string[]>();
  for (const [name, { about }] of Object.entries(results)) {
    const text = Object.entries(about)
      .map(([what, value]) => `${what} ${value}`)
      .join('; ');
    parts.set(text, [...(parts.get(text) ?? []), name]);
  }
  return [...parts].map(([text, names]) => `- ${names.join(', ')}: ${text}`);
}

function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const line = (cells: readonly string[]) =>
    `| ${cells.map((cell) => cell.replaceAll('|', '\\|')).join(' | ')} |`;
  return [line(head), `|${' --- |'.repeat(head.length)}`, ...rows.map(line)].join('\n');
}
