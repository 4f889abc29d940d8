#!/usr/bin/env node
// How hard hosts of the lab are, by tools that others wrote: lynis, and systemd-analyze security. docs/hardening.md.
//   node scripts/hardening.js INVENTORY HOST...              prints tables
//     --save FILE     keeps the figures
//     --before FILE   puts figures that were kept beside them
import { spawnSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';

const cli = fileURLToPath(new URL('../dist/cli.js', import.meta.url));
const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: { save: { type: 'string' }, before: { type: 'string' } },
});
const [inventory, ...hosts] = positionals;
if (!inventory || hosts.length === 0) {
  process.stderr.write('node scripts/hardening.js INVENTORY HOST... [--save FILE] [--before FILE]\n');
  process.exit(2);
}

function foobar(...words) {
  const { status, stdout, stderr } = spawnSync(process.execPath, [cli, ...words], { encoding: 'utf8' });
  if (status !== 0) throw new Error(`foobar ${words.join(' ')}: exit code ${status}\n${stderr}`);
  return stdout;
}
const inside = (host, script) => foobar('lab', 'exec', host, '-i', inventory, '--', 'sh', '-euc', script);

// lynis leaves with what came along with it, so that a host is measured as it is.
const lynis = `
export DEBIAN_FRONTEND=noninteractive
{ apt-get update -q; apt-get install -qy --no-install-recommends lynis; } >/dev/null 2>&1
lynis audit system --quick --quiet --no-colors --report-file /run/lynis.dat --logfile /run/lynis.log >/dev/null 2>&1 || :
grep -E '^(lynis_version|hardening_index|suggestion\\[\\]|warning\\[\\])=' /run/lynis.dat
rm -f /run/lynis.dat /run/lynis.log
apt-get purge -qy --autoremove lynis >/dev/null 2>&1`;

function lookAt(host) {
  const report = inside(host, lynis).split('\n');
  const field = (name) =>
    report.filter((line) => line.startsWith(`${name}=`)).map((line) => line.slice(name.length + 1));
  const asked = [...field('warning[]'), ...field('suggestion[]')].map((line) => line.split('|').slice(0, 3));
  const units = inside(host, 'systemd-analyze security --no-pager').split('\n');
  return {
    lynis: { version: field('lynis_version')[0], index: Number(field('hardening_index')[0]), asked },
    units: Object.fromEntries(
      units.flatMap((line) => {
        const [, unit, exposure] = /^(\S+\.service)\s+(\d+\.\d)\s/.exec(line) ?? [];
        return unit ? [[unit, Number(exposure)]] : [];
      }),
    ),
  };
}

const after = Object.fromEntries(hosts.map((host) => [host, lookAt(host)]));
if (values.save) writeFileSync(values.save, `${JSON.stringify(after, null, 2)}\n`);
const before = values.before ? JSON.parse(readFileSync(values.before, 'utf8')) : {};

const row = (...cells) => `| ${cells.join(' | ')} |`;
const shown = (value) => (value === undefined ? '' : value.toFixed(1));
const lines = [row('host', 'lynis before', 'lynis now'), row('---', '---', '---')];
for (const host of hosts) lines.push(row(host, before[host]?.lynis.index ?? '', after[host].lynis.index));

/** The worst of all hosts; 10 is no protection at all. */
function exposures(figures) {
  const worst = new Map();
  for (const { units } of Object.values(figures))
    for (const [unit, exposure] of Object.entries(units))
      worst.set(unit, Math.max(exposure, worst.get(unit) ?? 0));
  return worst;
}
const [then, now] = [exposures(before), exposures(after)];
lines.push('', row('unit', 'exposure before', 'exposure now'), row('---', '---', '---'));
for (const unit of [...now.keys()].sort())
  lines.push(row(`\`${unit}\``, shown(then.get(unit)), shown(now.get(unit))));

const asks = new Map();
for (const host of hosts)
  for (const [test, text, detail] of after[host].lynis.asked) {
    const known = asks.get(test) ?? { text: [], hosts: new Set() };
    known.text.push(detail && detail !== '-' ? `${text} (${detail})` : text);
    known.hosts.add(host);
    asks.set(test, known);
  }
lines.push('', row('test', 'what lynis asks for', 'on'), row('---', '---', '---'));
for (const [test, { text, hosts: on }] of [...asks].sort())
  lines.push(row(test, [...new Set(text)].join('; '), [...on].join(', ')));
process.stdout.write(`${lines.join('\n')}\n`);
