import { estimateMemory } from '../../../scheduler/estimate-memory.ts';

/** What a node could give to one model. */
export interface NodeMemory {
  readonly node: string;
  /** All of it that models may use, whatever runs there now. */
  readonly memoryBytes: number;
}

export interface Fit {
  readonly node: string;
  readonly neededBytes: number;
  readonly fits: boolean;
}

/** Nobody has read the header of a file that is elsewhere: its layers and heads are unknown. */
const unread = { blockCount: null, headCount: null, headCountKv: null, embeddingLength: null, contextLength: null };

/** Which nodes a file of this size fits. Pure. */
export function fitNodes(sizeBytes: number, nodes: readonly NodeMemory[]): readonly Fit[] {
  const neededBytes = estimateMemory({ fileBytes: sizeBytes, facts: unread, contextSize: undefined, parallel: undefined });
  return nodes.map(({ node, memoryBytes }) => ({ node, neededBytes, fits: neededBytes <= memoryBytes }));
}
