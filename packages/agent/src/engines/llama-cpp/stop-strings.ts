export interface StopFilter {
  /** What may be shown now, and whether a stop string was met. */
  push(text: string): { readonly text: string; readonly isStopped: boolean };
  /** What was held back, when no more text comes. */
  end(): string;
}

/** The longest end of `text` that could be the beginning of a stop string. */
function heldLength(text: string, stops: readonly string[]): number {
  const longest = Math.min(text.length, Math.max(...stops.map(({ length }) => length - 1)));
  for (let length = longest; length > 0; length--) {
    const end = text.slice(-length);
    if (stops.some((stop) => stop.startsWith(end))) return length;
  }
  return 0;
}

/** Ends an answer before the first stop string, also where that came in pieces; no part of one is ever shown. */
export function createStopFilter(stops: readonly string[]): StopFilter {
  let held = '';
  if (stops.length === 0) return { push: (text) => ({ text, isStopped: false }), end: () => '' };
  return {
    push(text) {
      const seen = held + text;
      const found = stops.map((stop) => seen.indexOf(stop)).filter((at) => at >= 0);
      if (found.length > 0) {
        held = '';
        return { text: seen.slice(0, Math.min(...found)), isStopped: true };
      }
      const length = heldLength(seen, stops);
      held = length === 0 ? '' : seen.slice(-length);
      return { text: seen.slice(0, seen.length - length), isStopped: false };
    },
    end() {
      const text = held;
      held = '';
      return text;
    },
  };
}
