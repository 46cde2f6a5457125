import { type Budget, BudgetSpent } from '../inspection/budget.ts';
import { BrokenStructure } from '../inspection/report.ts';
import { type ByteSource, isOutside } from '../source/byte-source.ts';
import { readFields } from './read-fields.ts';

const MAX_FIELDS = 10_000;

/**
 * Whether bytes are a message with these fields and no others. One that breaks off later than
 * at the first of the needed fields is one all the same: it is damaged, and no reader of the format would take it for something else.
 */
export function looksLikeMessage(
  source: ByteSource,
  budget: Budget,
  shape: ReadonlyMap<number, 'varint' | 'part'>,
  needed: readonly number[],
): boolean {
  const seen = new Set<number>();
  let count = 0;
  try {
    for (const field of readFields(source, budget)) {
      const kind = shape.get(field.number);
      if (kind !== field.kind) return false;
      seen.add(field.number);
      if (++count >= MAX_FIELDS) break;
    }
  } catch (error) {
    if (error instanceof BudgetSpent) throw error;
    if (!(error instanceof BrokenStructure || isOutside(error))) throw error;
    return seen.size > 1 && seen.has(needed[0] ?? 0);
  }
  return needed.every((number) => seen.has(number));
}
