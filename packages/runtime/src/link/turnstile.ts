/** Lets whoever writes to a connection through in groups, with pauses in between. */
export interface Turnstile {
  /** Resolves at once when nobody passed lately, else together with everybody else who waits, in their order. */
  turn(): Promise<void>;
}

/**
 * Node does not read from an HTTP/2 session over TLS while a write of it is under way, and a TLS write takes until the next turn of the event
 * loop. Whoever writes in every turn therefore hears nothing: a flood of cancelled requests kept heartbeats unread for seconds. After each group
 * the loop turns some times without a write, so that what has arrived is read.
 */
export function createTurnstile(pauseTurns = 3): Turnstile {
  let waiting: (() => void)[] = [];
  let isPausing = false;
  const pause = (turns: number) => {
    isPausing = true;
    setImmediate(() => (turns > 1 ? pause(turns - 1) : open()));
  };
  const open = () => {
    isPausing = false;
    if (waiting.length === 0) return;
    const group = waiting;
    waiting = [];
    for (const pass of group) pass();
    pause(pauseTurns);
  };
  return {
    turn() {
      if (isPausing) return new Promise((resolve) => waiting.push(resolve));
      pause(pauseTurns);
      return Promise.resolve();
    },
  };
}
