import { type Part, type Results, seconds, worksOf } from './figures.ts';

/** What is drawn, in this order, with the tools of each in the order of the results. */
const drawn = [
  'site settled',
  '100 settled',
  '100 settled, 50 ms away',
  '100 changing',
  '100 changing, 50 ms away',
  'ping 200',
] as const;

const width = 760;
const left = 84;
const right = 80;
const row = 20;
const top = 34;
const heading = 26;
const gap = 12;

/** Bars of the wall time, on one logarithmic scale, as an SVG that is readable on light and dark ground. */
export function picture(results: Results): string {
  const work = worksOf(results);
  const groups = drawn.flatMap((name) => {
    const result = work[name];
    const bars = Object.entries(result?.tools ?? {}).map(([tool, { wall }]) => ({ tool, wall: wall[1] }));
    return result && bars.length > 0 ? [{ title: result.title, bars }] : [];
  });
  const walls = groups.flatMap(({ bars }) => bars.map(({ wall }) => wall));
  const first = 10 ** Math.floor(Math.log10(Math.min(...walls, 0.1)));
  const last = Math.max(...walls, 10) * 1.1;
  const x = (value: number) =>
    left + ((width - left - right) * Math.log10(value / first)) / Math.log10(last / first);

  const ticks: number[] = [];
  for (let value = first; value <= last; value *= 10) ticks.push(value);
  const parts = ticks.map(
    (value) =>
      `<text x="${round(x(value))}" y="${top - 16}" class="tick">${Number(value.toPrecision(1))} s</text>`,
  );
  let y = top;
  for (const { title, bars } of groups) {
    parts.push(`<text x="0" y="${y + 16}" class="title">${escaped(title)}</text>`);
    y += heading;
    for (const value of ticks) {
      const at = round(x(value));
      parts.push(`<line x1="${at}" y1="${y}" x2="${at}" y2="${y + bars.length * row}" class="grid"/>`);
    }
    for (const { tool, wall } of bars) {
      const end = x(wall);
      parts.push(
        `<text x="${left - 8}" y="${y + 14}" class="name">${escaped(tool)}</text>`,
        `<rect x="${left}" y="${y + 3}" width="${round(end - left)}" height="${row - 6}" rx="2" class="${tool === 'foobar' ? 'own' : tool === 'floor' ? 'floor' : 'peer'}"/>`,
        `<text x="${round(end + 6)}" y="${y + 14}" class="value">${seconds(wall)}</text>`,
      );
      y += row;
    }
    y += gap;
  }
  const bottom = y;
  const description = groups
    .map(
      ({ title, bars }) => `${title}: ${bars.map(({ tool, wall }) => `${tool} ${seconds(wall)}`).join(', ')}`,
    )
    .join('. ');
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="-12 0 ${width + 24} ${bottom + 30}" role="img" aria-label="Wall time of foobar and its peers, logarithmic">
<desc>${escaped(description)}</desc>
<style>
text { font: 13px system-ui, sans-serif; fill: #1f2328; }
.title { font-weight: 600; }
.name { text-anchor: end; }
.value { font-variant-numeric: tabular-nums; paint-order: stroke; stroke: #ffffff; stroke-width: 4px; }
.tick, .note { font-size: 11px; fill: #656d76; }
.tick { text-anchor: middle; }
.grid { stroke: #d0d7de; stroke-width: 1; }
.own { fill: #0969da; }
.floor { fill: #8c959f; }
.peer { fill: #bf8700; }
@media (prefers-color-scheme: dark) {
  text { fill: #e6edf3; }
  .value { stroke: #0d1117; }
  .tick, .note { fill: #8d96a0; }
  .grid { stroke: #30363d; }
  .own { fill: #4493f8; }
  .floor { fill: #6e7681; }
  .peer { fill: #d29922; }
}
</style>
${parts.join('\n')}
<text x="0" y="${bottom + 18}" class="note">Wall time, median, logarithmic scale. ${escaped(measuredOn(results))}.</text>
</svg>
`;
}

/** Machine and date of the parts that are drawn. */
function measuredOn(results: Results): string {
  const parts = Object.values(results).filter(({ work }) => drawn.some((name) => work[name]));
  const all = (of: (part: Part) => string | undefined) => [...new Set(parts.map(of))].join(', ');
  const machines = all(({ about }) => about.machine?.split(' (')[0]);
  return `${machines} for controller and hosts together, ${all(({ about }) => about.date)}`;
}

function round(value: number): number {
  return Math.round(value * 10) / 10;
}

function escaped(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');
}
