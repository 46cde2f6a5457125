import type { Inspection } from '@cluster-ai/contracts';
import { inspectSource } from './inspect-source.ts';
import type { InspectionLimits } from './inspection/budget.ts';
import { openRegularFile } from './open-regular-file.ts';
import { fileSource } from './source/byte-source.ts';

/**
 * Finds out what a file is and whether it may be trusted, without executing or unpacking anything. Blocks while it reads; for files of
 * strangers it runs in a process of its own (`control-plane/registry/inspection`). Throws `file_not_found`, and `invalid_model_file` for
 * what is no file; everything that is wrong with the content is in the reasons.
 */
export async function inspectFile(path: string, limits?: InspectionLimits): Promise<Inspection> {
  const { handle, sizeBytes } = await openRegularFile(path);
  try {
    return await inspectSource(fileSource(handle.fd, sizeBytes), limits);
  } finally {
    await handle.close();
  }
}
