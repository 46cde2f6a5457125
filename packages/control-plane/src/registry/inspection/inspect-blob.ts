import { createWriteStream } from 'node:fs';
import { join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { inspectFakeModel, inspectGguf } from '@cluster-ai/formats';
import type { BlobStore } from '../../stores/blob-store.ts';
import type { BlobInspection, InspectBlob } from '../catalog/inspect-files.ts';
import type { Inspector } from './inspector.ts';

export interface BlobInspectionDependencies {
  readonly inspector: Pick<Inspector, 'inspect'>;
  readonly blobs: Pick<BlobStore, 'makeWorkFolder'>;
}

/** What an upload is, and, where we can serve it, what its header says. Whatever else it is, it is kept and handed out. */
export function createBlobInspection({ inspector, blobs }: BlobInspectionDependencies): InspectBlob {
  async function look(path: string, fileName: string, signal: AbortSignal): Promise<BlobInspection> {
    if (fileName.endsWith('.fake.json')) return { facts: await inspectFakeModel(path) };
    const inspection = await inspector.inspect(path, signal);
    const isServed = inspection.format === 'gguf' && inspection.verdict === 'safe';
    return isServed ? { inspection, facts: await inspectGguf(path) } : { inspection };
  }

  return async ({ filePath, read, fileName }, signal) => {
    if (filePath !== undefined) return look(filePath, fileName, signal);
    // from another system: formats are read here and there, so the bytes come here for as long as that takes
    await using work = await blobs.makeWorkFolder();
    const path = join(work.path, 'file');
    await pipeline(await read(), createWriteStream(path, { mode: 0o600 }), { signal });
    return look(path, fileName, signal);
  };
}
