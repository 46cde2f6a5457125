import { constants } from 'node:fs';
import { open } from 'node:fs/promises';

/** Makes sure that what was done to a folder's names (or to a file's bytes) survives a power cut. */
export async function syncFolder(folder: string): Promise<void> {
  const handle = await open(folder, constants.O_RDONLY);
  await handle.sync().finally(() => handle.close());
}
