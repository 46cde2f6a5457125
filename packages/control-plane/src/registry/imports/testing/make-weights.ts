import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { makeTinyGguf } from '@cluster-ai/formats/testing';

/** The bytes of a very small, valid GGUF; another seed gives other bytes. */
export function makeWeights(seed = 1): Buffer {
  const folder = mkdtempSync(join(tmpdir(), 'weights-'));
  try {
    const path = join(folder, 'tiny.gguf');
    makeTinyGguf({ path, layers: 1, embd: 64, ff: 64, heads: 2, kvheads: 2, ctx: 128, vocab: 512, seed });
    return readFileSync(path);
  } finally {
    rmSync(folder, { recursive: true });
  }
}
