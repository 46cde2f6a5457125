import { ClusterError, type ModelFacts, phrase } from '@cluster-ai/contracts';
import { z } from 'zod';
import { openRegularFile } from '../open-regular-file.ts';

const MAX_BYTES = 1024 * 1024;

const toolCallShape = z.object({ name: z.string().min(1), arguments: z.record(z.string(), z.unknown()) });

const answerShape = z.object({
  match: z.string().default('').describe('The answer is given when the last message contains this; empty: always.'),
  text: z.string().optional(),
  toolCalls: z.array(toolCallShape).optional(),
});

/** A script for the fake engine: what it says, how fast, and how it fails. A file of this shape is registered like a model. */
export const fakeModelShape = z
  .object({
    fake: z.literal(1).describe('Marks the file as a script and not a model.'),
    text: z.string().default('This is the fake engine. It repeats a script and runs no model.'),
    answers: z.array(answerShape).default([]).describe('The first one that matches wins; none: `text`.'),
    answerTokens: z.int().min(1).max(1_000_000).optional().describe('Every text is repeated or cut to so many tokens.'),
    tokensPerSecond: z.number().positive().max(100_000).default(50).describe('Of each stream.'),
    firstTokenMs: z.number().min(0).default(0),
    loadMs: z.number().min(0).default(0),
    parallel: z.int().min(1).max(1024).default(128).describe('Requests side by side; more wait.'),
    contextSize: z.int().min(1).default(4096),
    crashAfterTokens: z.int().min(0).optional().describe('The process kills itself after so many tokens of one request.'),
    failLoad: z.enum(['error', 'crash', 'never']).optional().describe('How loading goes wrong.'),
    embedding: z.array(z.number()).min(1).optional().describe('What every text becomes.'),
  })
  .strict();
export type FakeModel = z.infer<typeof fakeModelShape>;

const toProblem = (path: string, what: string, cause?: unknown) =>
  new ClusterError('invalid_model_file', phrase('not_a_script', { path, finding: what }), {
    hint: 'A script is JSON such as {"fake": 1, "text": "Hello."}.',
    cause,
  });

async function readJson(path: string): Promise<unknown> {
  const { handle, sizeBytes } = await openRegularFile(path);
  try {
    if (sizeBytes > MAX_BYTES) throw toProblem(path, `it has ${sizeBytes} bytes, where ${MAX_BYTES} are the most`);
    return JSON.parse(await handle.readFile('utf8'));
  } catch (error) {
    throw error instanceof ClusterError ? error : toProblem(path, 'it is not JSON', error);
  } finally {
    await handle.close();
  }
}

/** Reads a script. Throws ClusterError `invalid_model_file` with what is wrong in it, or `file_not_found`. */
export async function readFakeModel(path: string): Promise<FakeModel> {
  const parsed = fakeModelShape.safeParse(await readJson(path));
  if (parsed.success) return parsed.data;
  const [issue] = parsed.error.issues;
  throw toProblem(path, `'${issue?.path.join('.') || 'fake'}': ${issue?.message ?? 'wrong shape'}`, parsed.error);
}

/** What a script can do, in the registry's words; it never poses as a model. Throws like `readFakeModel`. */
export async function inspectFakeModel(path: string): Promise<ModelFacts> {
  const script = await readFakeModel(path);
  const hasTools = script.answers.some((answer) => answer.toolCalls !== undefined);
  return {
    format: 'other',
    architecture: 'fake',
    family: 'fake',
    parameterCount: null,
    parameterSize: null,
    quantization: null,
    contextLength: script.contextSize,
    embeddingLength: script.embedding?.length ?? null,
    blockCount: null,
    headCount: null,
    headCountKv: null,
    vocabularySize: null,
    chatTemplate: null,
    licence: null,
    description: 'Scripted answers of the fake engine. No model runs.',
    capabilities: ['completion', 'chat', ...(hasTools ? (['tools'] as const) : []), ...(script.embedding ? (['embedding'] as const) : [])],
  };
}
