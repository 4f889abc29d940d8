import type { RunEvent } from '../engine/events.ts';
import type { Reporter, ReporterSetting } from './reporter.ts';
import { isChange, isFailure, recapLines, taskDetails, taskLine } from './wording.ts';

/** For logs and pipes: a line for every task that changed or failed, with `-v` for every task. */
export function plainReporter(setting: ReporterSetting): Reporter {
  const { colors, verbosity, write } = setting;
  let hostColumns = 0;
  let check = false;
  let said = false;
  const line = (text: string) => {
    said = true;
    write(`${text}\n`);
  };

  function emit(event: RunEvent): void {
    switch (event.event) {
      case 'start':
        check = event.mode === 'check';
        hostColumns = Math.max(0, ...event.hosts.map((host) => host.length));
        if (verbosity > 0) line(`${event.playbook} on ${event.inventory}${check ? ', check mode' : ''}`);
        break;
      case 'play':
        if (verbosity > 0) line(colors.bold(`play ${event.name} on ${event.hosts.length} hosts`));
        break;
      case 'task':
        if (verbosity === 0 && !isChange(event) && !isFailure(event)) break;
        line(taskLine(event, hostColumns, setting));
        for (const detail of taskDetails(event, setting)) line(detail);
        break;
      case 'output': {
        const told = `${event.host.padEnd(hostColumns)}  | ${event.line}`;
        if (event.message) line(told);
        else if (verbosity > 1) line(colors.dim(told));
        break;
      }
      case 'warning':
        line(colors.yellow(`warning: ${event.host ? `${event.host}: ` : ''}${event.message}`));
        break;
      case 'recap':
        if (said) line('');
        for (const each of recapLines(event, check, setting)) line(each);
        break;
    }
  }
  return { emit, close: async () => undefined };
}
