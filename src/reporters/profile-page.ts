import type { HostProfile, Profile, Segment, Span, TaskRecord } from '../profile/contract.ts';
import { workOf } from '../profile/path.ts';
import {
  hostTable,
  type ProfileTable,
  pathTable,
  summary,
  taskTable,
  workNames,
  workText,
} from './profile.ts';
import { type Bar, type TimelineData, timeline } from './profile-timeline.ts';

const shownHosts = 1000;
const shownStages = 30;
const shownTasks = 50;

/** A page of its own that shows where a run's time went: a timeline to zoom into, and tables. */
export function profilePage(profile: Profile): string {
  // Nothing in the data may end the script that holds it.
  const data = JSON.stringify(timelineData(profile)).replaceAll('<', '\\u003c');
  return `<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'; script-src 'unsafe-inline'">
<title>foobar profile</title>
<style>${style}</style>
<h1>Where the time went</h1>
<p>${escaped(summary(profile).replace(/^profile: /, ''))}</p>
<p>Critical path: ${escaped(workText(profile))}</p>
<ul class="kinds">${[...kinds, 'own'].map((kind) => `<li class="${kind}">${kind === 'own' ? 'foobar' : kind}</li>`).join('')}</ul>
<div id="timeline" tabindex="0" role="img" aria-label="Timeline of the hosts; the tables below say the same.">
<div id="height"><canvas></canvas></div></div>
<p class="hint">Wheel or + and - zoom, dragging or arrow keys move, 0 shows everything.</p>
<div id="tip" hidden></div>
<h2>Critical path</h2>
${htmlTable(pathTable(profile, shownStages))}
<h2>Slowest tasks</h2>
${htmlTable(taskTable(profile, shownTasks))}
<h2>Hosts</h2>
${htmlTable(hostTable(profile, shownHosts))}
<script>(${timeline})(document, window, ${data});</script>
</html>
`;
}

const kinds = ['connect', 'read', 'fix', 'wait'] as const;

function timelineData({ wall, hosts, path }: Profile): TimelineData {
  const tasks: string[] = [];
  const known = new Map<string, number>();
  const indexOf = ({ task, place }: TaskRecord): number => {
    const text = place === '' ? task : `${task}\n${place}`;
    const index = known.get(text) ?? tasks.push(text) - 1;
    known.set(text, index);
    return index;
  };
  const time = (seconds: number) => Math.round(seconds * 1e4) / 1e4;
  const bar = ({ from, to, phase, task }: Span): Bar => [
    time(from),
    time(to),
    kinds.indexOf(phase),
    indexOf(task),
    phase === 'fix' ? workNames[workOf(task.module, phase)] : phase,
  ];
  const row = ({ host, spans, waits }: HostProfile) => ({
    name: host,
    bars: [
      ...spans.map(bar),
      ...waits.map(({ from, to }): Bar => [time(from), time(to), kinds.indexOf('wait'), -1, 'wait']),
    ].sort(([left], [right]) => left - right),
  });
  const stretch = ({ from, to, work, task }: Segment): Bar => [
    time(from),
    time(to),
    phaseOf(work),
    task ? indexOf({ ...task, task: `${task.host}: ${task.task}` }) : -1,
    workNames[work],
  ];
  return { wall, tasks, rows: [{ name: 'critical path', bars: path.map(stretch) }, ...hosts.map(row)] };
}

/** The colour of a stretch of the critical path. */
function phaseOf(work: Segment['work']): number {
  if (work === 'connecting') return kinds.indexOf('connect');
  if (work === 'reads') return kinds.indexOf('read');
  return work === 'foobar' || work === 'starting' ? kinds.length : kinds.indexOf('fix');
}

function htmlTable({ head, rows, right }: ProfileTable): string {
  const cell = (tag: 'th' | 'td') => (text: string, index: number) =>
    `<${tag}${right.includes(index) ? ' class="number"' : ''}>${escaped(text)}</${tag}>`;
  const line = (tag: 'th' | 'td', row: readonly string[]) => `<tr>${row.map(cell(tag)).join('')}</tr>`;
  return `<div class="table"><table><thead>${line('th', head)}</thead><tbody>${rows.map((row) => line('td', row)).join('\n')}</tbody></table></div>`;
}

function escaped(text: string): string {
  return text
    .replaceAll('&', '&amp;')
    .replaceAll('<', '&lt;')
    .replaceAll('>', '&gt;')
    .replaceAll('"', '&quot;');
}

const style = `
:root { --connect: #8250df; --read: #218bff; --fix: #bc4c00; --wait: #d0d7de; --own: #57606a;
  --text: #1f2328; --faint: #656d76; --line: #d0d7de; --ground: #fff; }
@media (prefers-color-scheme: dark) { :root { --connect: #a371f7; --read: #58a6ff; --fix: #f0883e; --wait: #30363d;
  --own: #8b949e; --text: #e6edf3; --faint: #8b949e; --line: #30363d; --ground: #0d1117; } }
body { font: 14px/1.5 system-ui, sans-serif; color: var(--text); background: var(--ground); margin: 1.5rem; }
h1 { font-size: 1.3rem; margin: 0; } h2 { font-size: 1.05rem; margin: 1.5rem 0 .3rem; } p { margin: .3rem 0; }
.hint { color: var(--faint); font-size: 12px; }
.kinds { list-style: none; display: flex; gap: 1rem; padding: 0; margin: .8rem 0 .3rem; }
.kinds li::before { content: ''; display: inline-block; width: .8em; height: .8em; margin-right: .4em; border-radius: 2px; }
${[...kinds, 'own'].map((kind) => `.kinds .${kind}::before { background: var(--${kind}); }`).join(' ')}
#timeline { max-height: 70vh; overflow-y: auto; border: 1px solid var(--line); border-radius: 6px; cursor: grab; }
#timeline:focus-visible { outline: 2px solid var(--read); }
canvas { position: sticky; top: 0; display: block; }
#tip { position: fixed; pointer-events: none; white-space: pre-line; max-width: 40rem; padding: .4rem .6rem; font-size: 12px;
  color: var(--text); background: var(--ground); border: 1px solid var(--line); border-radius: 6px; box-shadow: 0 2px 8px #0004; }
.table { overflow-x: auto; }
table { border-collapse: collapse; font-variant-numeric: tabular-nums; }
th, td { text-align: left; padding: .15rem 1rem .15rem 0; white-space: nowrap; border-bottom: 1px solid var(--line); }
th { color: var(--faint); font-weight: 500; } .number { text-align: right; }
`;
