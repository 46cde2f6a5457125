import type { Compute } from './compute.ts';

/** A node that was never ordered to compute loads and opens none of it. */
export interface LazyCompute extends AsyncDisposable, Pick<Compute, 'report' | 'onChange'> {
  /** Opens it the first time. */
  open(): Promise<Compute>;
}

export function createLazyCompute(load: () => Promise<Compute>): LazyCompute {
  const listeners = new Set<() => void>();
  let opening: Promise<Compute> | undefined;
  let opened: Compute | undefined;

  const openOnce = async () => {
    opened = await load();
    opened.onChange(() => {
      for (const listener of listeners) listener();
    });
    return opened;
  };

  return {
    report: () => opened?.report(),
    onChange(listener) {
      listeners.add(listener);
      return () => void listeners.delete(listener);
    },
    open() {
      opening ??= openOnce().catch((error: unknown) => {
        opening = undefined;
        throw error;
      });
      return opening;
    },
    async [Symbol.asyncDispose]() {
      await opening?.then((compute) => compute[Symbol.asyncDispose]()).catch(() => {});
    },
  };
}
