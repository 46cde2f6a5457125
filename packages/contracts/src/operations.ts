import { z } from 'zod';
import { saidShape } from './said.ts';

export const operationStateShape = z.enum(['queued', 'running', 'done', 'failed', 'cancelled']);
export type OperationState = z.infer<typeof operationStateShape>;

export const operationPhaseShape = z.enum(['waiting', 'resolving', 'downloading', 'verifying', 'uploading', 'publishing', 'done']);
export type OperationPhase = z.infer<typeof operationPhaseShape>;

/** Long work of the cluster, which goes on when whoever began it goes away, and after a restart. */
export const operationShape = z
  .object({
    id: z.string(),
    kind: z.enum(['import', 'push']),
    reference: z.string().describe('What is imported from elsewhere, or where a model is pushed to.'),
    model: z.string().describe('The reference that the model has here.'),
    state: operationStateShape,
    phase: operationPhaseShape,
    progress: z.number().min(0).max(1).describe('Never gets less.'),
    bytesDone: z.int(),
    bytesTotal: z.int().nullable().describe('Unknown until the source has said it.'),
    bytesPerSecond: z.number().describe('Of the last seconds, smoothed; 0 when nothing moves.'),
    etaSeconds: z.number().nullable(),
    file: z.object({ path: z.string(), digest: z.string().nullable(), sizeBytes: z.int().nullable(), bytesDone: z.int() }).nullable(),
    reason: z
      .object({ code: z.string(), message: z.string(), hint: z.string().optional(), said: saidShape.optional() })
      .nullable()
      .describe('Why it failed.'),
    result: z.object({ name: z.string(), version: z.int(), manifestDigest: z.string() }).nullable(),
    startedBy: z.string(),
    startedAt: z.iso.datetime(),
    endedAt: z.iso.datetime().nullable(),
  })
  .meta({ id: 'Operation' });
export type Operation = z.infer<typeof operationShape>;

export const operationListShape = z.object({ operations: z.array(operationShape) }).meta({ id: 'OperationList' });

export const importSourceShape = z.enum(['ollama', 'huggingface', 'oci', 'url', 'folder']);
export type ImportSource = z.infer<typeof importSourceShape>;

export const importRequestShape = z
  .object({
    reference: z
      .string()
      .min(1)
      .max(4096)
      .describe('`llama3.2:1b`, `hf.co/owner/repository:Q4_K_M`, `oci://host/repository:tag`, `https://…`, or an absolute path.'),
    source: importSourceShape.optional().describe('Read from the reference when left out.'),
    name: z
      .string()
      .max(255)
      .optional()
      .describe('What it is called here, with an alias if wanted; chosen from the reference when left out.'),
    file: z.string().max(1024).optional().describe('Which of the source’s files, or which quantization.'),
    digest: z
      .string()
      .regex(/^sha256:[0-9a-f]{64}$/, 'write sha256: and 64 hexadecimal digits')
      .optional()
      .describe('What the bytes of a URL must be.'),
    inPlace: z.boolean().default(false).describe('Of a file of the control plane’s machine: use it where it lies.'),
    description: z.string().max(2000).default(''),
  })
  .meta({ id: 'ImportRequest' });
export type ImportRequest = z.infer<typeof importRequestShape>;
export type ImportInput = z.input<typeof importRequestShape>;

export const pushRequestShape = z
  .object({
    model: z.string().min(1).max(400).describe('A reference of this cluster.'),
    reference: z.string().min(1).max(400).describe('Where to, as Ollama writes it: `[host/]namespace/name[:tag]`.'),
  })
  .meta({ id: 'PushRequest' });
export type PushRequest = z.infer<typeof pushRequestShape>;

/** What an import would bring, before it is begun. */
export const importPreviewShape = z
  .object({
    model: z.string(),
    sizeBytes: z.int().nullable(),
    freeBytes: z.int().describe('Of the disk that it would lie on.'),
    files: z.array(z.object({ path: z.string(), sizeBytes: z.int().nullable(), isHere: z.boolean() })),
    choices: z
      .array(
        z.object({
          file: z.string(),
          sizeBytes: z.int(),
          isChosen: z.boolean(),
          fits: z.array(z.object({ node: z.string(), fits: z.boolean(), neededBytes: z.int() })),
        }),
      )
      .describe('Where a source has one model in several sizes: which of them fits which node.'),
  })
  .meta({ id: 'ImportPreview' });
export type ImportPreview = z.infer<typeof importPreviewShape>;
