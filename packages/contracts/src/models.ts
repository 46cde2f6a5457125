import { z } from 'zod';
import { capabilityShape, replicaReportShape } from './replicas.ts';
import { phraseShape } from './said.ts';
import { conditionShape } from './state.ts';

export const modelFormatShape = z.enum(['gguf', 'safetensors', 'onnx', 'pytorch', 'tensorflow', 'other']);
export type ModelFormat = z.infer<typeof modelFormatShape>;

/** What the header of a weights file says. Absent where the file does not say it. */
export const modelFactsShape = z
  .object({
    format: modelFormatShape,
    architecture: z.string().nullable(),
    family: z.string().nullable(),
    parameterCount: z.int().nullable(),
    parameterSize: z.string().nullable().describe('For people, as Ollama writes it: "5.5M", "7.2B".'),
    quantization: z.string().nullable().describe('"Q8_0", "F16", …'),
    contextLength: z.int().nullable().describe('Tokens that it was trained for.'),
    embeddingLength: z.int().nullable(),
    blockCount: z.int().nullable(),
    headCount: z.int().nullable(),
    headCountKv: z.int().nullable(),
    vocabularySize: z.int().nullable(),
    chatTemplate: z.string().nullable(),
    licence: z.string().nullable(),
    description: z.string().nullable(),
    capabilities: z.array(capabilityShape),
  })
  .meta({ id: 'ModelFacts' });
export type ModelFacts = z.infer<typeof modelFactsShape>;

/** Of a file whose header nobody reads: nothing but its format. */
export const unknownFacts = (format: ModelFormat): ModelFacts => ({
  format,
  architecture: null,
  family: null,
  parameterCount: null,
  parameterSize: null,
  quantization: null,
  contextLength: null,
  embeddingLength: null,
  blockCount: null,
  headCount: null,
  headCountKv: null,
  vocabularySize: null,
  chatTemplate: null,
  licence: null,
  description: null,
  capabilities: [],
});

export const modelFileShape = z.object({
  path: z.string().describe('Inside the version, with forward slashes.'),
  digest: z.string(),
  sizeBytes: z.int(),
  mediaType: z.string(),
});
export type ModelFile = z.infer<typeof modelFileShape>;

export const modelVersionShape = z
  .object({
    version: z.int().describe('Counts from 1; never reused.'),
    semver: z.string().nullable(),
    manifestDigest: z.string(),
    createdAt: z.iso.datetime(),
    sizeBytes: z.int(),
    files: z.array(modelFileShape),
    facts: modelFactsShape,
    source: z.string().describe('Where the bytes came from, for people: a file name, "bundled", a registry.'),
  })
  .meta({ id: 'ModelVersion' });
export type ModelVersion = z.infer<typeof modelVersionShape>;

/** One model as lists show it: its `latest` version, and whether it answers now. */
export const modelShape = z
  .object({
    name: z.string(),
    description: z.string(),
    aliases: z.array(z.object({ alias: z.string(), version: z.int() })),
    latest: modelVersionShape,
    versionCount: z.int(),
    createdAt: z.iso.datetime(),
    updatedAt: z.iso.datetime(),
    condition: conditionShape.describe('ready: a replica answers; asleep/not_loaded: loads on first use.'),
    replicas: z.array(replicaReportShape.extend({ node: z.string().describe('The node’s name.'), nodeId: z.string() })),
    notice: z.string().describe('What a person must know before using it; empty where there is nothing.'),
    notices: z.array(phraseShape).describe('The same by its codes, for clients that speak another language.'),
  })
  .meta({ id: 'Model' });
export type Model = z.infer<typeof modelShape>;

/** Weights that already lie on a machine, outside of the cluster's own folders. */
export const foundFileShape = z
  .object({
    node: z.string(),
    nodeId: z.string(),
    path: z.string(),
    sizeBytes: z.int(),
    source: z.enum(['ollama', 'huggingface', 'folder']),
    suggestedName: z.string(),
    facts: modelFactsShape.nullable(),
    problem: z.string().nullable().describe('Why it cannot be used, where it cannot.'),
    problems: z.array(phraseShape).default([]).describe('The same by its codes.'),
    registeredAs: z.string().nullable(),
  })
  .meta({ id: 'FoundFile' });
export type FoundFile = z.infer<typeof foundFileShape>;
