import { constants } from 'node:fs';
import { type FileHandle, open } from 'node:fs/promises';
import { ClusterError } from '@cluster-ai/contracts';

export interface RegularFile {
  readonly handle: FileHandle;
  readonly sizeBytes: number;
}

function toOpenError(error: unknown, path: string): ClusterError {
  const code = error instanceof Error && 'code' in error ? String(error.code) : 'unknown';
  if (code === 'ENOENT' || code === 'ENOTDIR')
    return new ClusterError('file_not_found', `There is no file ${path}.`, { hint: 'Check the path.', cause: error });
  if (code === 'ELOOP')
    return new ClusterError('invalid_model_file', `${path} is a loop of symbolic links.`, { hint: 'Name the file itself.', cause: error });
  return new ClusterError('invalid_model_file', `${path} cannot be read (${code}).`, {
    hint: 'Give this user the right to read the file.',
    cause: error,
  });
}

/**
 * Opens a file for reading and refuses everything that only looks like one: folders, pipes, sockets and devices, which would block
 * the reader or never end. Throws `file_not_found` or `invalid_model_file`.
 */
export async function openRegularFile(path: string): Promise<RegularFile> {
  // without NONBLOCK the opening of a pipe waits for a writer
  const handle = await open(path, constants.O_RDONLY | constants.O_NONBLOCK).catch((error: unknown) => {
    throw toOpenError(error, path);
  });
  const stat = await handle.stat();
  if (stat.isFile()) return { handle, sizeBytes: stat.size };
  await handle.close();
  throw new ClusterError('invalid_model_file', `${path} is ${stat.isDirectory() ? 'a folder' : 'a pipe or a device'}, not a file.`, {
    hint: 'Name the model file itself.',
  });
}
