import { open, readFile, truncate } from 'node:fs/promises';
import { type AuditCheckpoint, auditCheckpointShape } from '@cluster-ai/contracts';
import { errnoOf } from '@cluster-ai/runtime';
import type { Seals } from './seals.ts';

/** One line of the file, or of a copy: a checkpoint of ours, or the number of a line that is none. */
export type CheckpointLine =
  | { readonly checkpoint: AuditCheckpoint }
  | { readonly forged: { readonly line: number; readonly sequence: number; readonly isCopy: boolean } };

/** Signed copies of where the record's end was, outside of the database: what is cut off there is missed here. */
export interface Checkpoints {
  list(): Promise<readonly CheckpointLine[]>;
  add(checkpoint: AuditCheckpoint): Promise<void>;
}

async function readText(path: string): Promise<string> {
  return readFile(path, 'utf8').catch((error: unknown) => {
    if (errnoOf(error) === 'ENOENT') return '';
    throw error;
  });
}

function parse(text: string): AuditCheckpoint | undefined {
  try {
    return auditCheckpointShape.safeParse(JSON.parse(text)).data;
  } catch {
    return undefined;
  }
}

/** What a line says, if the signature is ours. */
export const toCheckpointLine = (
  found: AuditCheckpoint | undefined,
  line: number,
  seals: Pick<Seals, 'isOurs'>,
  isCopy = false,
): CheckpointLine =>
  found !== undefined && seals.isOurs(found) ? { checkpoint: found } : { forged: { line, sequence: found?.sequence ?? 0, isCopy } };

export const genuineIn = (lines: readonly CheckpointLine[]): readonly AuditCheckpoint[] =>
  lines.flatMap((line) => ('checkpoint' in line ? [line.checkpoint] : []));

export async function openCheckpoints(path: string, seals: Pick<Seals, 'isOurs'>): Promise<Checkpoints> {
  const whole = await readText(path);
  const end = whole.lastIndexOf('\n') + 1;
  if (end < whole.length) await truncate(path, Buffer.byteLength(whole.slice(0, end))); // half a line, left by a power cut
  return {
    async list() {
      const lines = (await readText(path)).split('\n').slice(0, -1);
      return lines.map((text, index) => toCheckpointLine(parse(text), index + 1, seals));
    },
    async add(checkpoint) {
      await using file = await open(path, 'a', 0o600);
      await file.appendFile(`${JSON.stringify(checkpoint)}\n`);
      await file.sync();
    },
  };
}
