import { NotKnownYet } from './failures.ts';

let isEarly = false;

/** Renders before its turn: what must wait for it there is a value that is not known yet. */
export function beforeTurn<T>(work: () => T): T {
  const before = isEarly;
  isEarly = true;
  try {
    return work();
  } finally {
    isEarly = before;
  }
}

/** Whether what is rendered now is rendered before its turn. */
export function isBeforeTurn(): boolean {
  return isEarly;
}

/** What leaves traces, asks others or tells the time. @throws NotKnownYet before its turn */
export function inTurn(what: string): void {
  if (isEarly) throw new NotKnownYet(what);
}

let leave: () => void = () => {};

/** @param work what to do whenever rendering has written a file of the controller; of the run under way */
export function whenTracesAreLeft(work: () => void): void {
  leave = work;
}

/** A file of the controller is written by what is rendered. @throws NotKnownYet before its turn */
export function leaveTraces(what: string): void {
  inTurn(what);
  leave();
}
