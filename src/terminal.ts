/** Lets a display stand still; gives what lets it go on. */
type Still = () => () => void;

const displays = new Set<Still>();
let question: Promise<unknown> = Promise.resolve();

/** Names a display on the terminal that must stand still while somebody is asked there. Gives what forgets it. */
export function display(still: Still): () => void {
  displays.add(still);
  return () => void displays.delete(still);
}

/** Asks at the terminal in the middle of a run: one question after the other, each on a display that stands still. */
export function undisturbed<T>(ask: () => Promise<T>): Promise<T> {
  const turn = question.then(async () => {
    const goingOn = [...displays].map((still) => still());
    try {
      return await ask();
    } finally {
      for (const goOn of goingOn) goOn();
    }
  });
  question = turn.catch(() => undefined);
  return turn;
}
