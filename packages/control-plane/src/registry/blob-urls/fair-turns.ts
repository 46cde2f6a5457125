/** Resolves when it is the caller's turn. */
export type TakeTurn = () => Promise<void>;

/**
 * Lets so many through in each turn of the event loop, in the order in which they came. Whoever moves many bytes waits here before each part:
 * a turn stays short however many of them there are, and what was asked meanwhile is heard between two turns.
 */
export function createFairTurns(mostInTurn: number): TakeTurn {
  const waiting: (() => void)[] = [];
  const letThrough = (): void => {
    for (const next of waiting.splice(0, mostInTurn)) next();
    if (waiting.length > 0) setImmediate(letThrough);
  };
  return () =>
    new Promise((resolve) => {
      if (waiting.push(resolve) === 1) setImmediate(letThrough);
    });
}
