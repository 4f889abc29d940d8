import { createHash } from 'node:crypto';
import type { Seen, Written } from './visits.ts';

/** Everything that one answer of the site shows. */
export interface Answer {
  readonly server: string;
  /** The visitor's own address, shown to the visitor only and kept nowhere. */
  readonly client: string;
  readonly wrote: Written;
  readonly read: Seen | { readonly server: undefined; readonly reason: string };
}

const style = `
:root { color-scheme: light dark; --ink: #1d2433; --soft: #5d6678; --paper: #f7f6f3; --card: #fff; --line: #e4e2dc;
  --accent: #2f6f5e; --warn: #9a5b13 }
@media (prefers-color-scheme: dark) { :root { --ink: #e6e8ec; --soft: #9aa3b2; --paper: #14171c; --card: #1b2027;
  --line: #2b313b; --accent: #7cc4ad; --warn: #e0a458 } }
* { box-sizing: border-box }
body { margin: 0; background: var(--paper); color: var(--ink); font: 1.0625rem/1.6 system-ui, sans-serif }
main { max-width: 44rem; margin: 0 auto; padding: clamp(2rem, 8vh, 6rem) 1.25rem 4rem }
h1 { font-size: clamp(1.7rem, 5vw, 2.4rem); font-weight: 600; letter-spacing: -.02em; line-height: 1.2; margin: 0 0 .5rem }
h1 em { font-style: normal; color: var(--accent) }
p { margin: 0; color: var(--soft) }
ol { list-style: none; margin: 2.5rem 0; padding: 0; display: grid; gap: .75rem;
  grid-template-columns: repeat(auto-fit, minmax(11rem, 1fr)) }
li { background: var(--card); border: 1px solid var(--line); border-radius: .75rem; padding: 1rem 1.125rem }
li small { display: block; color: var(--soft); font-size: .8125rem }
li b { display: block; font-size: 1.25rem; font-weight: 600 }
li.warn b { color: var(--warn) }
table { width: 100%; border-collapse: collapse; font-size: .9375rem; font-variant-numeric: tabular-nums }
caption { text-align: left; color: var(--soft); padding-bottom: .5rem }
th { text-align: left; font-weight: 500; color: var(--soft); font-size: .8125rem }
th, td { padding: .5rem .75rem .5rem 0; border-bottom: 1px solid var(--line) }
tr.mine td { color: var(--accent); font-weight: 600 }
footer { margin-top: 2rem; font-size: .875rem; color: var(--soft) }
`;

/** Content-Security-Policy that allows this page's one style sheet and nothing else. */
export const contentSecurityPolicy = `default-src 'none'; style-src 'sha256-${createHash('sha256')
  .update(style)
  .digest('base64')}'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'`;

export function renderPage(answer: Answer): string {
  const { wrote, read } = answer;
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>Answered by ${escapeHtml(answer.server)}</title>
<style>${style}</style>
</head>
<body>
<main>
<h1>This page came from <em>${escapeHtml(answer.server)}</em>.</h1>
<p>Load it again, and the balancer hands it to the next server.</p>
<ol>
${card('answered by', answer.server, 'web server')}
${wrote.ok ? card('wrote to', wrote.server, 'the primary') : card('wrote to', 'nobody', wrote.reason, true)}
${readCard(read)}
</ol>
${read.server === undefined ? '' : visitsTable(read, wrote)}
<footer>You came from ${escapeHtml(answer.client)}.</footer>
</main>
</body>
</html>
`;
}

function readCard(read: Answer['read']): string {
  if (read.server === undefined) return card('read from', 'nobody', read.reason, true);
  const kind = read.role === 'replica' ? 'a replica' : 'the primary, no replica answers';
  const arrived =
    read.arrived === undefined
      ? ''
      : read.arrived
        ? ', your visit had arrived'
        : ', your visit is on its way';
  return card('read from', read.server, kind + arrived, read.role !== 'replica');
}

function card(label: string, value: string, note: string, warn = false): string {
  return `<li${warn ? ' class="warn"' : ''}><small>${label}</small><b>${escapeHtml(value)}</b><small>${escapeHtml(note)}</small></li>`;
}

function visitsTable(read: Seen, wrote: Written): string {
  const rows = read.visits.map(
    (visit) =>
      `<tr${wrote.ok && visit.id === wrote.id ? ' class="mine"' : ''}><td><time datetime="${visit.at.toISOString()}">${visit.at
        .toISOString()
        .replace('T', ' ')
        .slice(
          0,
          19,
        )}</time></td><td>${escapeHtml(visit.web)}</td><td>${escapeHtml(visit.written)}</td></tr>`,
  );
  return `<table>
<caption>The last visits, as ${escapeHtml(read.server)} knows them</caption>
<thead><tr><th>Time (UTC)</th><th>Answered by</th><th>Written to</th></tr></thead>
<tbody>
${rows.join('\n')}
</tbody>
</table>`;
}

const entities: Record<string, string> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
};

export function escapeHtml(text: string): string {
  return text.replace(/[&<>"']/g, (character) => entities[character]!);
}
