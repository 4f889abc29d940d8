import type { Passage } from './flows.ts';
import {
  type Box,
  boxesOf,
  lineOf,
  type Mark,
  type PicturedHost,
  type Row,
  rowsOf,
} from './picture-lanes.ts';

/** Least room for the flows' names. */
const gutter = 216;
const margin = 24;
const lineHeight = 16;
const boxPadding = 12;
const gap = 14;

/** Widths are guessed from those of a wide typeface, so that nothing overlaps where another one is used. */
const widthOf = (text: string, size: number) => [...text].length * size * 0.64;

interface Lane extends Box {
  readonly x: number;
  readonly width: number;
}

/**
 * Draws who may talk to whom as SVG: a column for each box of hosts that are alike, a line for each flow, from the
 * dots to the arrows. The same flows give the same text. It brings its own background, light or dark as the reader's.
 * @param marks what differs from the flows, in red below them
 */
export function drawFlows(
  passages: readonly Passage[],
  hosts: readonly PicturedHost[],
  marks: readonly Mark[] = [],
): string {
  const boxes = boxesOf(passages, hosts, marks);
  const rows = [...rowsOf(passages, boxes), ...marks.map((mark) => lineOf(mark, boxes))];
  const lanes = placed(boxes, rows);
  const head = Math.max(...boxes.map((box) => textHeight(box)), 0) + 2 * boxPadding;
  const texts = rows.map((row) => wrapped(row.why, 34));
  const heights = rows.map((_row, index) => 34 + (texts[index]?.length ?? 0) * 14);
  const top = margin + head + 18;
  const last = lanes.at(-1);
  const width = Math.ceil(
    (last ? last.x + Math.max(last.width / 2, reach(rows, lanes.length - 1).right) : 0) + margin,
  );
  let y = top;
  const drawn = rows.map((row, index) => {
    const [begin, height] = [y, heights[index] ?? 0];
    y += height;
    return drawRow(row, texts[index] ?? [], lanes, begin, index, width);
  });
  const bottom = y;
  const height = bottom + 40;
  return `${[
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" width="${width}" height="${height}" role="img">`,
    '<title>Who may talk to whom</title>',
    style,
    `<rect class="paper" x="0.5" y="0.5" width="${width - 1}" height="${height - 1}" rx="10"/>`,
    ...drawn.map(({ band }) => band),
    ...lanes.map(
      (lane) => `<line class="lane" x1="${lane.x}" y1="${margin + head}" x2="${lane.x}" y2="${bottom}"/>`,
    ),
    ...lanes.map((lane) => drawBox(lane, head)),
    ...drawn.map(({ content }) => content),
    `<text class="small" x="${margin}" y="${bottom + 22}">From the dot to the arrow, with the ports beside it; an arc: among the hosts of one box.</text>`,
    '</svg>',
  ].join('\n')}\n`;
}

function textHeight({ title, lines }: Box): number {
  return (title.length + lines.length) * lineHeight;
}

function boxWidth({ title, lines }: Box): number {
  const widths = [...title.map((line) => widthOf(line, 14)), ...lines.map((line) => widthOf(line, 12))];
  return Math.ceil(Math.max(70, ...widths) + 2 * boxPadding);
}

/** How far the labels of a lane's arrows go to either side. */
function reach(rows: readonly Row[], lane: number): { readonly left: number; readonly right: number } {
  const [left, right] = [[0], [0]];
  for (const row of rows) {
    const target = row.targets.get(lane);
    if (!target) continue;
    const size = widthOf(target.label, 12) + 12;
    if (target.side === 'left') left.push(size);
    else right.push(size + (target.among ? 26 : 0));
  }
  return { left: Math.ceil(Math.max(...left)), right: Math.ceil(Math.max(...right)) };
}

function placed(boxes: readonly Box[], rows: readonly Row[]): Lane[] {
  let edge = margin + Math.ceil(Math.max(gutter, ...rows.map(({ name }) => widthOf(name, 15) + gap)));
  return boxes.map((box, index) => {
    const width = boxWidth(box);
    const { left, right } = reach(rows, index);
    const x = Math.round(edge + Math.max(width / 2, left) + gap / 2);
    edge = x + Math.max(width / 2, right) + gap / 2;
    return { ...box, x, width };
  });
}

function drawBox({ x, width, title, lines, kind }: Lane, height: number): string {
  const first = margin + boxPadding + 12;
  const texts = [
    ...title.map((line, index) => text('title', x, first + index * lineHeight, line, 'middle')),
    ...lines.map((line, index) =>
      text('host', x, first + (title.length + index) * lineHeight, line, 'middle'),
    ),
  ];
  const radius = kind === 'hosts' ? 6 : 16;
  return [
    `<rect class="box ${kind}" x="${x - width / 2}" y="${margin}" width="${width}" height="${height}" rx="${radius}"/>`,
    ...texts,
  ].join('\n');
}

function drawRow(
  row: Row,
  why: readonly string[],
  lanes: readonly Lane[],
  top: number,
  index: number,
  width: number,
): { readonly band: string; readonly content: string } {
  const height = 34 + why.length * 14;
  const y = Math.round(top + height / 2 + 3);
  const at = (lane: number) => lanes[lane]?.x ?? 0;
  const across = [...row.across].map(at);
  const kind = row.mark ? ` ${row.mark}` : '';
  const parts = [
    text(`name${kind}`, margin, top + 20, row.name),
    ...why.map((line, number) => text('small', margin, top + 36 + number * 14, line)),
  ];
  if (across.length > 1)
    parts.push(
      `<line class="way${kind}" x1="${Math.min(...across)}" y1="${y}" x2="${Math.max(...across)}" y2="${y}"/>`,
    );
  for (const [lane, { label, side, among, arrows }] of row.targets) {
    const x = at(lane);
    const end = row.sources.has(lane) ? 5 : 1;
    for (const arrow of arrows) parts.push(head(x + (arrow === 'left' ? -end : end), y, arrow, kind));
    if (among) {
      parts.push(`<path class="way${kind}" d="M ${x} ${y} m 4 -3 c 26 -14 26 20 5 7"/>`);
      parts.push(head(x + 5, y + 5, 'right', kind));
    }
    const away = side === 'left' ? -10 : among ? 32 : 10;
    const isCrossed = across.some((other) => other > x);
    const rise = among && side === 'right' && !isCrossed ? 4 : -6;
    parts.push(text(`ports${kind}`, x + away, y + rise, label, side === 'left' ? 'end' : 'start'));
  }
  for (const lane of row.sources) parts.push(`<circle class="dot${kind}" cx="${at(lane)}" cy="${y}" r="4"/>`);
  const band =
    index % 2 === 0
      ? `<rect class="band" x="${margin - 8}" y="${top}" width="${width - 2 * margin + 16}" height="${height}" rx="4"/>`
      : '';
  return { band, content: parts.join('\n') };
}

/** An arrow's head that touches x, coming from one side. */
function head(x: number, y: number, from: 'left' | 'right', kind: string): string {
  const back = from === 'left' ? -8 : 8;
  return `<path class="head${kind}" d="M ${x} ${y} l ${back} -4 v 8 z"/>`;
}

function text(kind: string, x: number, y: number, content: string, anchor = 'start'): string {
  const place = anchor === 'start' ? '' : ` text-anchor="${anchor}"`;
  return `<text class="${kind}" x="${x}" y="${y}"${place}>${escaped(content)}</text>`;
}

function escaped(content: string): string {
  return content.replace(/[&<>"]/g, (sign) => `&#${sign.charCodeAt(0)};`);
}

function wrapped(content: string, columns: number): string[] {
  const lines: string[] = [];
  for (const word of content.split(/\s+/).filter(Boolean)) {
    const line = lines.at(-1);
    if (line !== undefined && line.length + word.length < columns)
      lines[lines.length - 1] = `${line} ${word}`;
    else lines.push(word);
  }
  return lines;
}

const style = `<style>
text { font-family: system-ui, "Segoe UI", "DejaVu Sans", sans-serif; font-size: 12px; fill: #24292f; }
.title, .name { font-size: 14px; font-weight: 600; }
.small { font-size: 11px; fill: #57606a; }
.host { fill: #57606a; }
.paper { fill: #ffffff; stroke: #d0d7de; }
.band { fill: #f6f8fa; }
.box { fill: #ddf4ff; stroke: #54aeff; }
.internet, .network { fill: #ffffff; stroke: #8c959f; stroke-dasharray: 4 3; }
.lane { stroke: #afb8c1; stroke-dasharray: 2 3; }
.way { stroke: #0969da; stroke-width: 1.6; fill: none; }
.head, .dot { fill: #0969da; }
.way.open, .way.closed { stroke: #cf222e; }
.way.closed { stroke-dasharray: 5 4; }
.head.open, .head.closed, .dot.open, .dot.closed, text.open, text.closed { fill: #cf222e; }
@media (prefers-color-scheme: dark) {
  text { fill: #e6edf3; }
  .small, .host { fill: #9198a1; }
  .paper { fill: #0d1117; stroke: #3d444d; }
  .band { fill: #151b23; }
  .box { fill: #121d2f; stroke: #1f6feb; }
  .internet, .network { fill: #0d1117; stroke: #9198a1; }
  .lane { stroke: #3d444d; }
  .way { stroke: #4493f8; }
  .head, .dot { fill: #4493f8; }
  .way.open, .way.closed { stroke: #f85149; }
  .head.open, .head.closed, .dot.open, .dot.closed, text.open, text.closed { fill: #f85149; }
}
</style>`;
