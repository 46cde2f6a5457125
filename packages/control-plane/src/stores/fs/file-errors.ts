import { ClusterError } from '@cluster-ai/contracts';
import { errnoOf } from '@cluster-ai/runtime';

/** Whether the file system said so; errors of Node itself begin with `ERR_`. */
export const isFileError = (error: unknown): boolean => /^E(?!RR_)[A-Z]/.test(errnoOf(error) ?? '');

/** What went wrong with a file that somebody named. */
export function toSourceError(error: unknown, path: string): ClusterError {
  const code = errnoOf(error) ?? 'unknown';
  if (code === 'ENOENT' || code === 'ENOTDIR')
    return new ClusterError('file_not_found', `There is no file ${path}.`, { hint: 'Check the path.', param: 'path', cause: error });
  if (code === 'EINVAL')
    return new ClusterError('invalid_model_file', `${path} is a folder, a pipe or a device, not a file.`, {
      hint: 'Name the model file itself.',
      param: 'path',
      cause: error,
    });
  return new ClusterError('invalid_model_file', `${path} cannot be read (${code}).`, {
    hint: 'Give this user the right to read the file.',
    param: 'path',
    cause: error,
  });
}

/** What went wrong with a folder of ours. */
export function toFolderError(error: unknown, folder: string): ClusterError {
  const code = errnoOf(error) ?? 'unknown';
  if (code === 'ENOSPC' || code === 'EDQUOT')
    return new ClusterError('disk_full', `The disk of ${folder} is full.`, {
      hint: 'Free some space on that disk; nothing was kept of the file that did not fit.',
      cause: error,
    });
  return new ClusterError('data_folder_unwritable', `${folder} cannot be written (${code}).`, {
    hint: 'Check the owner and the permissions of that folder, and that its disk is mounted for writing.',
    cause: error,
  });
}
