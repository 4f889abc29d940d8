/** Takes down what goes on between the controller and its hosts (`--profile`). It keeps the times itself. */
export interface Meter {
  /** A shell on the host was asked for: connecting, logging in, becoming another user, locking. */
  opening(host: string, opened: Promise<unknown>): void;
  /** For one shell on the host. */
  shell(host: string): ShellMeter;
}

export interface ShellMeter {
  /** A frame was written; its steps run in this order. */
  sent(bytes: number, steps: readonly MeteredStep[]): void;
  /** A step of an earlier frame was answered with so many bytes. */
  answered(id: number, bytes: number): void;
}

export interface MeteredStep {
  readonly id: number;
  /** `read NAME` or `write`; none: what keeps the shell itself. */
  readonly what?: string | undefined;
}
