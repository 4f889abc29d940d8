/** What was taken down during a run. Times are seconds since the process began. */
export interface Recording {
  readonly ended: number;
  readonly plays: readonly PlayRecord[];
  readonly tasks: readonly TaskRecord[];
  readonly openings: readonly Opening[];
  readonly steps: readonly StepRecord[];
  readonly wires: ReadonlyMap<string, Wire>;
}

export interface Interval {
  readonly from: number;
  readonly to: number;
}

export interface PlayRecord {
  readonly name: string;
  readonly at: number;
  readonly hosts: readonly string[];
}

/** One task on one host, or one round of its loop. */
export interface TaskRecord extends Interval {
  readonly host: string;
  readonly task: string;
  readonly module: string;
  /** FILE:LINE */
  readonly place: string;
  readonly status: string;
  /** The host takes no further part. */
  readonly stops: boolean;
  /** When it began to change something; it only read until then. */
  readonly fix?: number;
}

/** A shell on a host was opened. */
export interface Opening extends Interval {
  readonly host: string;
}

/** A step of a frame, from when the shell was free for it to its answer: the host's own time and one way there and back. */
export interface StepRecord extends Interval {
  readonly host: string;
  /** `read NAME`, `write` or `shell`. */
  readonly what: string;
}

/** What went over a host's connections. */
export interface Wire {
  readonly frames: number;
  /** The longest chain of frames of which each was sent after an answer to the one before. */
  readonly trips: number;
  /** Bytes of the frames. */
  readonly sent: number;
  /** Bytes of the answers. */
  readonly received: number;
}

/** What a host does at a time. */
export type Phase = 'connect' | 'read' | 'fix' | 'wait' | 'idle';

/** A stretch of a host's time in which it did one thing. */
export interface Span extends Interval {
  readonly phase: 'connect' | 'read' | 'fix';
  readonly task: TaskRecord;
}

/** What kind of work the time of a run went into. */
export type Work =
  | 'packages'
  | 'services'
  | 'downloads'
  | 'commands'
  | 'waiting'
  | 'changes'
  | 'reads'
  | 'connecting'
  /** Until the first play begins. */
  | 'starting'
  | 'foobar';

/** A stretch of the critical path; without a task nothing was under way on any host. */
export interface Segment extends Interval {
  readonly work: Work;
  readonly task?: TaskRecord;
  /** Seconds of it in which a step ran on the host. */
  readonly onHost: number;
}

/** Where a run's time went. */
export interface Profile {
  /** Seconds from the start of the process to the end of the run. */
  readonly wall: number;
  /** Seconds of the controller's processor. */
  readonly cpu: number;
  /** Bytes of memory that the controller had at most. */
  readonly memory: number;
  readonly hosts: readonly HostProfile[];
  readonly path: readonly Segment[];
  /** Seconds of the critical path by kind of work. */
  readonly work: Readonly<Partial<Record<Work, number>>>;
  readonly slowest: readonly SlowTask[];
  /** What was read on the hosts, the dearest first. */
  readonly reads: readonly ReadProfile[];
}

/** Seconds of each phase, which add up to the wall time; and what went over the wire. */
export interface HostProfile extends Readonly<Record<Phase, number>>, Wire {
  readonly host: string;
  readonly spans: readonly Span[];
  /** When it waited for other hosts. */
  readonly waits: readonly Interval[];
}

export interface SlowTask {
  readonly task: string;
  readonly module: string;
  readonly place: string;
  /** On the host that took longest. */
  readonly seconds: number;
  readonly host: string;
  /** How many hosts it ran on. */
  readonly hosts: number;
  /** Rounds of loops and repetitions, on that host. */
  readonly rounds: number;
}

export interface ReadProfile {
  readonly name: string;
  readonly times: number;
  readonly seconds: number;
}
