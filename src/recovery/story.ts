/** How a command tells what it does to hosts. */
export interface Story {
  /** One step: told when it begins and, with its seconds, when it has ended. */
  phase<T>(what: string, work: () => Promise<T>): Promise<T>;
  /** A line within a step. */
  say(line: string): void;
}
