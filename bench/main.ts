import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { type Figures, figures, type Results, table } from './figures.ts';
import { bringUp, foobar, type Route, spent, takeDown } from './fleet.ts';
import { type Run, run } from './process.ts';
import { startRelays } from './relay.ts';
import { hundred, reset, succeeded, type Tool } from './tools.ts';

const quick = process.argv.includes('--quick');
const resultsFile = 'bench/results.json';
const before: Results = existsSync(resultsFile) ? JSON.parse(readFileSync(resultsFile, 'utf8')) : {};
const results: Results = {};

function show(work: string, tools: Record<string, Figures>): void {
  results[work] = tools;
  console.log(`\n${table(work, tools, before[work])}`);
}

/** Runs tools in turns, so that what else the machine does meets all of them; slow ones less often. */
async function inTurns(
  tools: readonly Tool[],
  work: (tool: Tool) => Promise<Run>,
  prepare?: () => Promise<void>,
): Promise<Record<string, Figures>> {
  const slow = (tool: Tool) => tool === 'Ansible' || tool === 'Mitogen';
  const runs = new Map<Tool, Run[]>(tools.map((tool) => [tool, []]));
  const onHosts = new Map<Tool, { cpu: number; processes: number }>();
  for (let round = 0; round < (quick ? 3 : 7); round++)
    for (const tool of tools) {
      if (slow(tool) && round >= (quick ? 1 : 2)) continue;
      await prepare?.();
      const start = round === 0 ? await spent() : undefined;
      runs.get(tool)?.push(await work(tool));
      if (!start) continue;
      const end = await spent();
      onHosts.set(tool, { cpu: end.cpu - start.cpu, processes: end.processes - start.processes });
    }
  return Object.fromEntries(tools.map((tool) => [tool, figures(runs.get(tool) ?? [], onHosts.get(tool))]));
}

async function repeated(words: readonly string[]): Promise<Figures> {
  const runs: Run[] = [];
  for (let round = 0; round < (quick ? 5 : 15); round++) runs.push(succeeded(await run(words)));
  return figures(runs);
}

async function commandLine(): Promise<void> {
  show('command line', {
    node: await repeated([process.execPath, '-e', '0']),
    '--version': await repeated([...foobar, '--version']),
    '--help': await repeated([...foobar, '--help']),
    check: await repeated([...foobar, 'check', 'inventory/lab.yaml']),
  });
}

async function tasks(route: Route): Promise<void> {
  const where = route === 'direct' ? '' : ', 50 ms away';
  const peers: Tool[] = [
    'foobar',
    'Mitogen',
    ...(quick || route === 'delayed' ? [] : (['Ansible'] as const)),
  ];
  show(
    `100 tasks that all change, 4 hosts${where}`,
    await inTurns(peers, (tool) => hundred(tool, route), reset),
  );
  succeeded(await hundred('foobar', 'direct'));
  show(
    `100 settled tasks, 4 hosts${where}`,
    await inTurns(['floor', ...peers], (tool) => hundred(tool, route)),
  );
}

await commandLine();
await bringUp();
const relays = await startRelays();
try {
  await tasks('direct');
  await tasks('delayed');
} finally {
  relays.stop();
  await takeDown();
}
if (!quick) writeFileSync(resultsFile, `${JSON.stringify(results, null, 2)}\n`);
