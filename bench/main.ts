import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { about } from './about.ts';
import { type Bench, printer } from './bench.ts';
import { picture } from './draw.ts';
import type { Part, Results } from './figures.ts';
import { goals, markdown } from './goals.ts';
import { commandLine } from './parts/command-line.ts';
import { hundred } from './parts/hundred.ts';
import { many } from './parts/many.ts';
import { site } from './parts/site.ts';

const parts: Readonly<Record<string, { measure(bench: Bench): Promise<void>; needsLab: boolean }>> = {
  'command-line': { measure: commandLine, needsLab: false },
  hundred: { measure: hundred, needsLab: true },
  site: { measure: site, needsLab: true },
  many: { measure: many, needsLab: true },
};
const resultsFile = 'bench/results.json';

const usage = `npm run bench -- [--quick] [--only PART,...] [--draw]
  --quick   a few minutes: fewer runs, without the slowest peers; keeps no results
  --only    these parts: ${Object.keys(parts).join(', ')}; what they measure replaces it in the results
  --draw    measure nothing, make picture and table of the results anew`;

const { values } = parseArgs({
  options: {
    quick: { type: 'boolean', default: false },
    only: { type: 'string' },
    draw: { type: 'boolean', default: false },
    help: { type: 'boolean', short: 'h', default: false },
  },
});
const chosen = values.only?.split(',') ?? Object.keys(parts);
const unknown = chosen.filter((name) => !(name in parts));
if (values.help || unknown.length > 0) {
  console.log(unknown.length > 0 ? `no part is named ${unknown.join(', ')}\n${usage}` : usage);
  process.exit(unknown.length > 0 ? 64 : 0);
}

let results: Results = existsSync(resultsFile) ? JSON.parse(readFileSync(resultsFile, 'utf8')) : {};
const failures: string[] = [];
if (!values.draw) {
  const hasLab = process.platform === 'linux' && process.getuid?.() === 0;
  for (const name of chosen) {
    const part = parts[name]!;
    if (part.needsLab && !hasLab) {
      console.log(
        `\nleft out: ${name}, whose hosts are containers on this machine (Linux, root): sudo npm run bench`,
      );
      continue;
    }
    const { work, show } = printer(results);
    const bench: Bench = { quick: values.quick, show };
    const began = performance.now();
    try {
      await part.measure(bench);
      if (!values.quick) keep(name, { about: await about(bench.peers), work });
      console.log(`  [${name}: ${((performance.now() - began) / 1000).toFixed(0)} s]`);
    } catch (error) {
      failures.push(name);
      console.error(`\n${name} failed: ${(error as Error).message}`);
    }
  }
}
if (!values.quick && Object.keys(results).length > 0) draw(results);
if (failures.length > 0) {
  console.error(`\nfailed: ${failures.join(', ')}`);
  process.exitCode = 1;
}

/** Keeps what a part measured at once, so that it is there whatever becomes of the next one. */
function keep(name: string, part: Part): void {
  const measured: Results = { ...results, [name]: part };
  results = Object.fromEntries(
    Object.keys(parts).flatMap((each) => (measured[each] ? [[each, measured[each]]] : [])),
  );
  writeFileSync(resultsFile, `${JSON.stringify(results, null, 2)}\n`);
}

/** Makes the picture, and the tables between their marks in the page, from what was measured. */
function draw(of: Results): void {
  writeFileSync('docs/bench.svg', picture(of));
  const page = readFileSync('docs/performance.md', 'utf8');
  const marks = /(<!-- measured: .*? -->\n)[\s\S]*?(<!-- end -->)/;
  if (!marks.test(page)) throw new Error('docs/performance.md has no place for the tables');
  writeFileSync(
    'docs/performance.md',
    page.replace(marks, (_all, start, end) => `${start}\n${markdown(of)}\n\n${end}`),
  );
  for (const { work, goal, measured, isMet } of goals(of))
    if (isMet === false) console.log(`missed: ${work || '  '} ${goal}: ${measured}`);
}
