import type { EventBus } from '../../observability/event-bus.ts';

const EVERY_MS = 500;
/** More at once are no list that anybody reads: their owner looks again. */
const MOST_IDS = 50;

/** Tells owners that tasks of theirs changed, twice a second at most: ten thousand tasks must not push everything else out of the stream. */
export function tellTasks(events: Pick<EventBus, 'publish'>) {
  const waiting = new Map<string, Set<string>>();
  let timer: NodeJS.Timeout | undefined;
  function flush(): void {
    timer = undefined;
    for (const [owner, ids] of waiting) events.publish({ type: 'tasks.changed', owner, ids: ids.size > MOST_IDS ? [] : [...ids] });
    waiting.clear();
  }
  return {
    changed(owner: string, id: string): void {
      const ids = waiting.get(owner) ?? new Set();
      if (ids.size <= MOST_IDS) ids.add(id);
      waiting.set(owner, ids);
      if (timer === undefined) timer = setTimeout(flush, EVERY_MS).unref();
    },
  };
}
