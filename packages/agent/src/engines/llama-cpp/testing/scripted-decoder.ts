import type { BatchItem, Decoder } from '../decoder.ts';

export const endToken = 9999;

export interface ScriptedDecoder extends Decoder {
  readonly batches: readonly (readonly BatchItem[])[];
  /** Runs before each decode; may wait, or throw as the runtime would. */
  onDecode: (items: readonly BatchItem[]) => Promise<void> | void;
  /** What comes after these tokens of a slot; counts upwards where nothing else is said. */
  nextOf: (tokens: readonly number[]) => number;
  readonly kept: { slot: number; length: number }[];
}

/** A decoder without a model: remembers the batches and continues each slot by a rule. It checks that positions are right. */
export function createScriptedDecoder({ slots = 4, contextSize = 100, batchSize = 512 } = {}): ScriptedDecoder {
  const memory: number[][] = Array.from({ length: slots }, () => []);
  const batches: (readonly BatchItem[])[] = [];
  const kept: { slot: number; length: number }[] = [];
  const memoryOf = (slot: number) => memory[slot] ?? [];
  const decoder: ScriptedDecoder = {
    slots,
    contextSize,
    batchSize,
    batches,
    kept,
    onDecode: () => {},
    nextOf: (tokens) => (tokens.at(-1) ?? 0) + 1,
    async decode(items) {
      await decoder.onDecode(items);
      batches.push(items);
      for (const { slot, position, tokens } of items) {
        if (position !== memoryOf(slot).length) throw new Error(`Slot ${slot} holds ${memoryOf(slot).length} tokens, not ${position}.`);
        memoryOf(slot).push(...tokens);
      }
      return items
        .filter(({ sampler }) => sampler)
        .map(({ slot }) => ({ status: 'fulfilled', value: { token: decoder.nextOf(memoryOf(slot)) } }));
    },
    keepPrefix(slot, length) {
      kept.push({ slot, length });
      memoryOf(slot).length = length;
      return true;
    },
    computeMs: () => performance.now(),
    isEnd: (token) => token === endToken,
    createSampler: () => ({ dispose() {} }),
  };
  return decoder;
}
