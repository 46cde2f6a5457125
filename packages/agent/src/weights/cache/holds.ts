/** Who needs which digest: counted, since several replicas may run on the same bytes. */
export interface Holds {
  has(digest: string): boolean;
  take(digest: string): Disposable;
}

export function createHolds(): Holds {
  const counts = new Map<string, number>();
  const add = (digest: string, by: number) => {
    const count = (counts.get(digest) ?? 0) + by;
    if (count > 0) counts.set(digest, count);
    else counts.delete(digest);
  };
  return {
    has: (digest) => counts.has(digest),
    take(digest) {
      add(digest, 1);
      let isTaken = true;
      return {
        [Symbol.dispose]() {
          if (isTaken) add(digest, -1);
          isTaken = false;
        },
      };
    },
  };
}
