/* Uses weights without end in the folder of its argument, a little more than the cache may hold, until somebody kills it. Says a dot for each. */
import { createHash } from 'node:crypto';
import { Readable } from 'node:stream';
import { silentLogger, systemClock } from '@cluster-ai/runtime';
import { createWeights } from '../create-weights.ts';

export const CHURN_LIMIT_BYTES = 2_000_000;
const sizes = [200_000, 300_000, 500_000, 700_000, 900_000];

/** The bytes are made of their place in the list, so that both sides know them. */
export const churnModels = sizes.map((sizeBytes, index) => {
  const bytes = Buffer.alloc(sizeBytes, `model ${index} `);
  return { bytes, file: { digest: `sha256:${createHash('sha256').update(bytes).digest('hex')}`, sizeBytes } };
});

/** Comes in pieces, so that a kill meets a fetch in its middle. */
async function* toPieces(bytes: Buffer) {
  for (let at = 0; at < bytes.length; at += 32 * 1024) {
    yield bytes.subarray(at, at + 32 * 1024);
    await new Promise(setImmediate);
  }
}

async function churn(folder: string): Promise<never> {
  const weights = createWeights({
    folder,
    fetchBlob: async (digest, fromByte) => {
      const { bytes } = churnModels.find(({ file }) => file.digest === digest) ?? { bytes: Buffer.alloc(0) };
      return { totalBytes: bytes.length, body: Readable.from(toPieces(bytes.subarray(fromByte))) };
    },
    clock: systemClock,
    log: silentLogger,
    knownFolders: { ollama: [], huggingFace: [] },
  });
  await weights.limit(CHURN_LIMIT_BYTES);
  for (let step = 0; ; step++) {
    const model = churnModels[(step * 7 + Math.floor(step / 3)) % churnModels.length];
    if (model) await weights.ensure(model.file, () => {}, new AbortController().signal);
    process.stdout.write('.');
  }
}

const [, script, folder] = process.argv;
if (script === import.meta.filename && folder !== undefined) await churn(folder);
