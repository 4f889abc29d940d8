import type { RunEvent } from '../engine/events.ts';
import type { Meter, MeteredStep, ShellMeter } from '../host/meter.ts';
import { shownPath } from '../problems.ts';
import type { Opening, PlayRecord, Recording, StepRecord, TaskRecord, Wire } from './contract.ts';

/** Takes down a run as it goes: its events, and what the meter of its fleet sees. */
export class Recorder implements Meter {
  readonly #now: () => number;
  readonly #plays: PlayRecord[] = [];
  readonly #tasks: TaskRecord[] = [];
  readonly #openings: { host: string; from: number; to?: number }[] = [];
  readonly #steps: StepRecord[] = [];
  readonly #lines = new Map<string, HostLine>();
  /** When changes under way began, by host and task. */
  readonly #begun = new Map<string, { host: string; task: string; module: string; times: number[] }>();

  /** @param now seconds since the process began */
  constructor(now: () => number = () => performance.now() / 1000) {
    this.#now = now;
  }

  event(event: RunEvent): void {
    const at = this.#now();
    if (event.event === 'play') this.#plays.push({ name: event.name, at, hosts: event.hosts });
    if (event.event === 'begin') {
      const { host, task, module } = event;
      const key = `${host}\0${task}`;
      const known = this.#begun.get(key);
      if (known) known.times.push(at);
      else this.#begun.set(key, { host, task, module, times: [at] });
    }
    if (event.event === 'task') this.#tasks.push(this.#ended(event, at));
  }

  opening(host: string, opened: Promise<unknown>): void {
    const opening: { host: string; from: number; to?: number } = { host, from: this.#now() };
    this.#openings.push(opening);
    const done = (): void => {
      opening.to = this.#now();
    };
    opened.then(done, done);
  }

  shell(host: string): ShellMeter {
    const line = this.#line(host);
    return new ShellLine(line, this.#now, (step) => this.#steps.push({ host, ...step }));
  }

  /** What was taken down until now; what is still under way counts as ending now. */
  recording(): Recording {
    const ended = this.#now();
    const openings: Opening[] = this.#openings.map(({ host, from, to = ended }) => ({ host, from, to }));
    const unfinished = [...this.#begun.values()].flatMap(({ times, ...known }) =>
      times.map(
        (fix): TaskRecord => ({
          ...known,
          place: '',
          status: 'under way',
          stops: true,
          from: fix,
          fix,
          to: ended,
        }),
      ),
    );
    return {
      ended,
      plays: this.#plays,
      tasks: [...this.#tasks, ...unfinished],
      openings,
      steps: this.#steps,
      wires: new Map([...this.#lines].map(([host, line]) => [host, line.wire])),
    };
  }

  #ended(event: Extract<RunEvent, { event: 'task' }>, at: number): TaskRecord {
    const { host, task, module, place, status, seconds } = event;
    const key = `${host}\0${task}`;
    const times = this.#begun.get(key)?.times;
    const fix = times?.shift();
    if (times?.length === 0) this.#begun.delete(key);
    const stops = ['failed', 'unreachable', 'unknown'].includes(status) && !event.ignored && !event.rescued;
    return {
      host,
      task,
      module,
      place: `${shownPath(place.file)}:${place.line}`,
      status,
      stops,
      from: Math.max(0, at - seconds),
      ...(fix === undefined ? {} : { fix }),
      to: at,
    };
  }

  #line(host: string): HostLine {
    let line = this.#lines.get(host);
    if (!line) {
      line = new HostLine();
      this.#lines.set(host, line);
    }
    return line;
  }
}

/** What all shells on a host have in common. */
class HostLine {
  frames = 0;
  sent = 0;
  received = 0;
  /** How many frames each waited for the one before, up to the last that was sent, and the last that was answered. */
  longest = 0;
  answered = 0;

  get wire(): Wire {
    return { frames: this.frames, trips: this.longest, sent: this.sent, received: this.received };
  }
}

class ShellLine implements ShellMeter {
  readonly #line: HostLine;
  readonly #now: () => number;
  readonly #done: (step: Omit<StepRecord, 'host'>) => void;
  readonly #waiting = new Map<number, { at: number; trip: number; what: string }>();
  #free = 0;

  constructor(line: HostLine, now: () => number, done: (step: Omit<StepRecord, 'host'>) => void) {
    this.#line = line;
    this.#now = now;
    this.#done = done;
  }

  sent(bytes: number, steps: readonly MeteredStep[]): void {
    const line = this.#line;
    const trip = line.answered + 1;
    line.frames += 1;
    line.sent += bytes;
    line.longest = Math.max(line.longest, trip);
    const at = this.#now();
    for (const { id, what = 'shell' } of steps) this.#waiting.set(id, { at, trip, what });
  }

  answered(id: number, bytes: number): void {
    const step = this.#waiting.get(id);
    if (!step) return;
    this.#waiting.delete(id);
    const to = this.#now();
    this.#done({ what: step.what, from: Math.max(step.at, this.#free), to });
    this.#free = to;
    this.#line.received += bytes;
    this.#line.answered = Math.max(this.#line.answered, step.trip);
  }
}
