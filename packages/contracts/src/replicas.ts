import { z } from 'zod';
import { conditionShape } from './state.ts';

/** Kinds of inference runtime. `fake` is a scriptable tool for tests and demos; it never poses as a model. */
export const engineKinds = ['llama.cpp', 'fake'] as const;
export const engineKindShape = z.enum(engineKinds);
export type EngineKind = (typeof engineKinds)[number];

/** What a model can do, in the words of Ollama's `capabilities`. */
export const capabilityShape = z.enum(['completion', 'chat', 'tools', 'embedding']);
export type Capability = z.infer<typeof capabilityShape>;

/** Wishes for one replica. What is left out the node chooses from its memory and cores. */
export const engineOptionsShape = z
  .object({
    contextSize: z.int().min(64).optional().describe('Tokens per sequence.'),
    parallel: z.int().min(1).max(64).optional().describe('Sequences that are generated side by side.'),
    threads: z.int().min(1).max(256).optional(),
    gpuLayers: z.int().min(0).optional(),
  })
  .meta({ id: 'EngineOptions' });
export type EngineOptions = z.infer<typeof engineOptionsShape>;

/** The order to run one replica. `fence` grows with every order for the same replica; an agent refuses an older one. */
export const replicaSpecShape = z.object({
  replicaId: z.string(),
  fence: z.int(),
  model: z.string().describe('The reference as clients name it; echoed in answers.'),
  engine: engineKindShape,
  file: z.object({
    digest: z.string(),
    sizeBytes: z.int(),
    /** Where the control plane keeps these bytes. An agent that sees the same file there uses it in place. */
    path: z.string().optional(),
  }),
  options: engineOptionsShape,
  cacheBytes: z.int().min(0).optional().describe('How much the node may keep of the weights that it fetches; left out: the node decides.'),
});
export type ReplicaSpec = z.infer<typeof replicaSpecShape>;

/** One running (or starting, or failed) copy of a model on a node, as its agent reports it. */
export const replicaReportShape = z
  .object({
    replicaId: z.string(),
    fence: z.int(),
    model: z.string(),
    digest: z.string(),
    engine: engineKindShape,
    condition: conditionShape,
    progress: z.number().min(0).max(1).nullable().describe('Of fetching or loading, where it is known.'),
    capabilities: z.array(capabilityShape),
    contextSize: z.int().nullable().describe('Tokens per sequence, as really allocated.'),
    parallel: z.int().nullable(),
    threads: z.int().nullable(),
    busySlots: z.int(),
    queued: z.int(),
    memoryBytes: z.int().describe('Resident memory of the engine process.'),
    tokensPerSecond: z.number(),
    loadMs: z.number().nullable(),
    embeddingLength: z.int().nullable(),
  })
  .meta({ id: 'Replica' });
export type ReplicaReport = z.infer<typeof replicaReportShape>;
