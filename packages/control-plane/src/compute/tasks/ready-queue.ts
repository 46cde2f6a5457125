import type { TaskRecord } from './task-record.ts';

type Place = Pick<TaskRecord, 'id' | 'priority' | 'sequence'>;

/** Higher priority first; of the same, whichever came first. */
const isBefore = (a: Place, b: Place) => a.priority > b.priority || (a.priority === b.priority && a.sequence < b.sequence);

/** A heap of what could be handed over. What is no longer true of an entry, whoever takes it has to notice. */
export function createReadyQueue() {
  const heap: Place[] = [];
  const swap = (a: number, b: number) => {
    const [first, second] = [heap[a], heap[b]];
    if (first && second) [heap[a], heap[b]] = [second, first];
  };
  const precedes = (a: number, b: number) => {
    const [first, second] = [heap[a], heap[b]];
    return first !== undefined && second !== undefined && isBefore(first, second);
  };
  return {
    size: () => heap.length,
    push({ id, priority, sequence }: Place): void {
      heap.push({ id, priority, sequence });
      for (let at = heap.length - 1; at > 0; ) {
        const parent = (at - 1) >> 1;
        if (!precedes(at, parent)) return;
        swap(at, parent);
        at = parent;
      }
    },
    pop(): string | undefined {
      const first = heap[0];
      const last = heap.pop();
      if (first === undefined || last === undefined) return undefined;
      if (heap.length > 0) heap[0] = last;
      for (let at = 0; ; ) {
        const [left, right] = [2 * at + 1, 2 * at + 2];
        const next = precedes(right, left) ? right : left;
        if (!precedes(next, at)) return first.id;
        swap(at, next);
        at = next;
      }
    },
  };
}
