/** How often, and how much at once, one address may do something. Old addresses are forgotten. */
export interface AddressLimit {
  /** False: too often. */
  allow(address: string, nowMs: number): boolean;
}

/** `most` within each window of `windowMs`. */
export function createAddressLimit(most: number, windowMs: number): AddressLimit {
  let counts = new Map<string, number>();
  let windowStart = Number.NEGATIVE_INFINITY;
  return {
    allow(address, nowMs) {
      if (nowMs - windowStart >= windowMs) {
        counts = new Map();
        windowStart = nowMs;
      }
      const count = (counts.get(address) ?? 0) + 1;
      counts.set(address, count);
      return count <= most;
    },
  };
}
