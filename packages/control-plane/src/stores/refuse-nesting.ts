import { AsyncLocalStorage } from 'node:async_hooks';
import type { Database } from './database.ts';

type Transact = Database['transaction'];

/** A transaction that waits inside another one would wait for itself: it is refused at once instead. */
export function refuseNesting(transact: Transact): Transact {
  const current = new AsyncLocalStorage<{ isOpen: boolean }>();
  return async (work, options) => {
    if (current.getStore()?.isOpen === true) throw new Error('A transaction was begun inside another one: pass the outer one along.');
    const mark = { isOpen: true };
    try {
      return await current.run(mark, () => transact(work, options));
    } finally {
      mark.isOpen = false; // what the work left running may begin its own later
    }
  };
}
