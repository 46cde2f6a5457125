/**
 * Numbers that grow with every order, also from one life of the control plane to the next: they begin at the time of day, and never fall
 * behind a number that was seen, so that a clock that was set back does no harm.
 */
export function createFences(now: () => number) {
  let last = 0;
  return {
    next(): number {
      last = Math.max(last + 1, now());
      return last;
    },
    /** An agent reported an order with this number. */
    see(fence: number): void {
      last = Math.max(last, fence);
    },
  };
}
