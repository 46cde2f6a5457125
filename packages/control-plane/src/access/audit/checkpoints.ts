import { open, readFile, truncate } from 'node:fs/promises';
import { errnoOf } from '@cluster-ai/runtime';
import { z } from 'zod';
import type { ChainEnds, CheckpointFacts, Seals } from './seals.ts';

const shape = z.object({ sequence: z.int().min(1), hash: z.string(), at: z.string(), signature: z.string() });

/** One line of the file: a checkpoint of ours, or the number of a line that is none. */
export type CheckpointLine =
  | { readonly checkpoint: CheckpointFacts }
  | { readonly forged: { readonly line: number; readonly sequence: number } };

/** Signed copies of where the record's end was, outside of the database: what is cut off there is missed here. */
export interface Checkpoints {
  list(): Promise<readonly CheckpointLine[]>;
  add(ends: Pick<ChainEnds, 'sequence' | 'hash'>, nowMs: number): Promise<void>;
}

async function readText(path: string): Promise<string> {
  return readFile(path, 'utf8').catch((error: unknown) => {
    if (errnoOf(error) === 'ENOENT') return '';
    throw error;
  });
}

function parse(text: string) {
  try {
    return shape.safeParse(JSON.parse(text)).data;
  } catch {
    return undefined;
  }
}

export async function openCheckpoints(path: string, seals: Seals): Promise<Checkpoints> {
  const whole = await readText(path);
  const end = whole.lastIndexOf('\n') + 1;
  if (end < whole.length) await truncate(path, Buffer.byteLength(whole.slice(0, end))); // half a line, left by a power cut

  const toLine = (text: string, index: number): CheckpointLine => {
    const found = parse(text);
    if (found !== undefined && seals.signCheckpoint(found) === found.signature) return { checkpoint: found };
    return { forged: { line: index + 1, sequence: found?.sequence ?? 0 } };
  };
  return {
    async list() {
      const lines = (await readText(path)).split('\n').slice(0, -1);
      return lines.map(toLine);
    },
    async add({ sequence, hash }, nowMs) {
      const facts = { sequence, hash, at: new Date(nowMs).toISOString() };
      await using file = await open(path, 'a', 0o600);
      await file.appendFile(`${JSON.stringify({ ...facts, signature: seals.signCheckpoint(facts) })}\n`);
      await file.sync();
    },
  };
}
