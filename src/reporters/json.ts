import type { HostRecap } from '../engine/events.ts';
import type { Reporter, ReporterSetting } from './reporter.ts';

/** One event a line; the last is the recap, with exactly the keys that are documented. */
export function jsonReporter({ write }: ReporterSetting): Reporter {
  return {
    emit(event) {
      if (event.event !== 'recap') return write(`${JSON.stringify(event)}\n`);
      const hosts = Object.fromEntries(
        Object.entries(event.hosts).map(([name, each]) => [name, recap(each)]),
      );
      const { seconds, statistics } = event;
      write(`${JSON.stringify({ event: 'recap', hosts, seconds, ...(statistics && { statistics }) })}\n`);
    },
    close: async () => undefined,
  };
}

function recap({
  ok,
  changed,
  skipped,
  failed,
  unreachable,
  unknown,
  rescued,
  ignored,
}: HostRecap): HostRecap {
  return { ok, changed, skipped, failed, unreachable, unknown, rescued, ignored };
}
