import type { ResolvedModel } from './registry.ts';

/** What was read for requests, so that the next ones wait for nothing. */
export interface ReferenceCache {
  find(reference: string): ResolvedModel | undefined;
  /** Keeps what `read` gives, unless the model changes while it is read. A reference that means nothing is not kept. */
  remember(reference: string, read: () => Promise<ResolvedModel | undefined>): Promise<ResolvedModel | undefined>;
  /** A model has changed: nothing of what is kept of it is true any more. */
  forget(name: string): void;
  /** Any model may have changed. */
  forgetAll(): void;
  /** The bytes lie elsewhere now. */
  forgetBlob(digest: string): void;
}

/** Keeps at most so many references, the ones that were used last; with many models memory must not grow with them. */
export function createReferenceCache(most: number): ReferenceCache {
  const kept = new Map<string, ResolvedModel>();
  let changes = 0;

  function put(reference: string, model: ResolvedModel): void {
    kept.delete(reference);
    kept.set(reference, model);
    const oldest = kept.size > most ? kept.keys().next().value : undefined;
    if (oldest !== undefined) kept.delete(oldest);
  }

  function drop(isOld: (model: ResolvedModel) => boolean): void {
    changes += 1;
    for (const [reference, model] of kept) if (isOld(model)) kept.delete(reference);
  }

  return {
    find(reference) {
      const found = kept.get(reference);
      if (found) put(reference, found);
      return found;
    },
    async remember(reference, read) {
      const before = changes;
      const found = await read();
      const isWell = found !== undefined && found.problem === undefined; // a file that is put back is found at once
      if (isWell && changes === before) put(reference, found);
      return found;
    },
    forget(name) {
      const lower = name.toLowerCase();
      drop((model) => model.name.toLowerCase() === lower);
    },
    forgetAll: () => drop(() => true),
    forgetBlob: (digest) => drop(({ file }) => file.digest === digest),
  };
}
