import { ExitCode, TaskFailure, TransportError } from '../errors.ts';
import { sh } from '../host/sh.ts';
import { colors, wantsColor } from '../reporters/colors.ts';
import { table } from '../reporters/table.ts';
import { count, duration } from '../reporters/text.ts';
import { maskText } from '../secrets.ts';
import { openFleet, runVariables } from './fleet.ts';
import { loadInventoryOnly, type ProjectOptions } from './project.ts';

interface Answer {
  readonly host: string;
  readonly reached: boolean;
  readonly said: string;
  readonly hint?: string | undefined;
  readonly seconds: number;
}

/** Logs in to every host, becomes root there and asks who that is. Writes nothing anywhere. */
export async function ping(options: ProjectOptions): Promise<ExitCode> {
  const project = await loadInventoryOnly(options);
  const fleet = openFleet(runVariables(project, true), {
    forks: 50,
    readOnly: true,
    output: () => undefined,
    login: project,
  });
  const ask = async (host: string): Promise<Answer> => {
    const began = performance.now();
    const seconds = () => (performance.now() - began) / 1000;
    try {
      const { stdout } = await fleet.host(host, { user: 'root' }).look(sh`id -un; hostname; uname -r`);
      const [user, name, kernel] = stdout.trim().split('\n');
      return { host, reached: true, said: `${user} on ${name}, Linux ${kernel}`, seconds: seconds() };
    } catch (error) {
      if (!(error instanceof TransportError || error instanceof TaskFailure)) throw error;
      return { host, reached: false, said: error.message, hint: error.hint, seconds: seconds() };
    }
  };
  try {
    const answers = await Promise.all([...project.limited].map(ask));
    print(answers);
    return answers.every((answer) => answer.reached) ? ExitCode.done : ExitCode.unreachable;
  } finally {
    await fleet.close();
  }
}

function print(answers: readonly Answer[]): void {
  const paint = colors(wantsColor(process.stdout));
  const write = (line: string): void => void process.stdout.write(`${maskText(line)}\n`);
  const rows = answers.map(({ host, reached, said, seconds }) => [
    host,
    reached ? paint.green('ok') : paint.red('unreachable'),
    duration(seconds),
    said,
  ]);
  const columns = process.stdout.columns ? { columns: process.stdout.columns } : {};
  for (const line of table([['host', '', 'time', 'answer'], ...rows], { right: [2], ...columns }))
    write(line);
  const lost = answers.filter((answer) => !answer.reached);
  for (const { host, said, hint } of lost) {
    write('');
    write(`${paint.red(host)}: ${said}`);
    if (hint) write(`  ${hint}`);
  }
  write('');
  write(`${answers.length - lost.length} of ${count(answers.length, 'host')} answered`);
}
