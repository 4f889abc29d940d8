import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { about } from './about.ts';
import { type Bench, printer } from './bench.ts';
import type { Results } from './figures.ts';
import { commandLine } from './parts/command-line.ts';
import { hundred } from './parts/hundred.ts';
import { site } from './parts/site.ts';

const parts: Readonly<Record<string, { measure(bench: Bench): Promise<void>; needsLab: boolean }>> = {
  'command-line': { measure: commandLine, needsLab: false },
  hundred: { measure: hundred, needsLab: true },
  site: { measure: site, needsLab: true },
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

const before: Results | undefined = existsSync(resultsFile)
  ? JSON.parse(readFileSync(resultsFile, 'utf8'))
  : undefined;
const failures: string[] = [];
if (!values.draw) {
  const { work, show } = printer(before);
  const hasLab = process.platform === 'linux' && process.getuid?.() === 0;
  for (const name of chosen) {
    const part = parts[name]!;
    if (part.needsLab && !hasLab) {
      console.log(
        `\nleft out: ${name}, whose hosts are containers on this machine (Linux, root): sudo npm run bench`,
      );
      continue;
    }
    const began = performance.now();
    try {
      await part.measure({ quick: values.quick, before, show });
      console.log(`  [${name}: ${((performance.now() - began) / 1000).toFixed(0)} s]`);
    } catch (error) {
      failures.push(name);
      console.error(`\n${name} failed: ${(error as Error).message}`);
    }
  }
  if (!values.quick && Object.keys(work).length > 0) {
    const results: Results = { about: await about(), work: { ...before?.work, ...work } };
    writeFileSync(resultsFile, `${JSON.stringify(results, null, 2)}\n`);
  }
}
if (failures.length > 0) {
  console.error(`\nfailed: ${failures.join(', ')}`);
  process.exitCode = 1;
}
