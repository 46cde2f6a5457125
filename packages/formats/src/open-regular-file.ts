import { constants } from 'node:fs';
import { type FileHandle, open } from 'node:fs/promises';
import { ClusterError, phrase } from '@cluster-ai/contracts';

export interface RegularFile {
  readonly handle: FileHandle;
  readonly sizeBytes: number;
}

function toOpenError(error: unknown, path: string): ClusterError {
  const code = error instanceof Error && 'code' in error ? String(error.code) : 'unknown';
  if (code === 'ENOENT' || code === 'ENOTDIR')
    return new ClusterError('file_not_found', phrase('no_such_file', { path }), { hint: phrase('check_the_path'), cause: error });
  if (code === 'ELOOP')
    return new ClusterError('invalid_model_file', phrase('loop_of_links', { path }), {
      hint: phrase('name_the_file_itself'),
      cause: error,
    });
  return new ClusterError('invalid_model_file', phrase('file_cannot_be_read', { path, code }), {
    hint: phrase('give_right_to_read'),
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
  throw new ClusterError('invalid_model_file', phrase(stat.isDirectory() ? 'is_a_folder' : 'is_a_device', { path }), {
    hint: phrase('name_the_model_file'),
  });
}
