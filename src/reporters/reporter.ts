import type { Emit, RunEvent } from '../engine/events.ts';
import { type Colors, colors, wantsColor } from './colors.ts';
import { jsonReporter } from './json.ts';
import { plainReporter } from './plain.ts';

export interface Reporter {
  readonly emit: Emit;
  /** Gives the terminal back; everything is written when it resolves. */
  close(): Promise<void>;
}

export interface ReporterOptions {
  /** Default: live on a terminal, else plain. */
  readonly output?: 'live' | 'plain' | 'json';
  readonly verbosity: number;
  /** Show what changes as differences. */
  readonly diff: boolean;
  /** Default: on a terminal, unless NO_COLOR is set. */
  readonly color?: boolean;
  readonly stream: NodeJS.WriteStream;
  /** Ctrl-C: what is under way is about to be let go of. */
  readonly signal?: AbortSignal;
}

/** What the kinds of reporters get. */
export interface ReporterSetting {
  readonly colors: Colors;
  readonly verbosity: number;
  readonly diff: boolean;
  readonly stream: NodeJS.WriteStream;
  readonly signal?: AbortSignal;
  write(text: string): void;
}

/** Shows a run to whoever watches it. Reporters know events and nothing else. */
export function createReporter(options: ReporterOptions): Reporter {
  const { stream, verbosity, diff, signal } = options;
  const setting: ReporterSetting = {
    colors: colors(options.color ?? wantsColor(stream)),
    verbosity,
    diff,
    stream,
    ...(signal && { signal }),
    write: (text) => void stream.write(text),
  };
  const output = options.output ?? (stream.isTTY ? 'live' : 'plain');
  if (output === 'json') return jsonReporter(setting);
  return output === 'plain' ? plainReporter(setting) : loaded(setting);
}

/** The live reporter, loaded only when it is wanted; events wait until it is there. */
function loaded(setting: ReporterSetting): Reporter {
  const waiting: RunEvent[] = [];
  let reporter: Reporter | undefined;
  const ready = import('./live.ts').then(({ liveReporter }) => {
    reporter = liveReporter(setting);
    for (const event of waiting) reporter.emit(event);
  });
  return {
    emit: (event) => (reporter ? reporter.emit(event) : void waiting.push(event)),
    async close() {
      await ready;
      await reporter?.close();
    },
  };
}
