import { ClusterError, phrase } from '@cluster-ai/contracts';
import { errnoOf } from '@cluster-ai/runtime';

/** Whether the file system said so; errors of Node itself begin with `ERR_`. */
export const isFileError = (error: unknown): boolean => /^E(?!RR_)[A-Z]/.test(errnoOf(error) ?? '');

/** What went wrong with a file that somebody named. */
export function toSourceError(error: unknown, path: string): ClusterError {
  const code = errnoOf(error) ?? 'unknown';
  if (code === 'ENOENT' || code === 'ENOTDIR')
    return new ClusterError('file_not_found', phrase('no_such_file', { path }), {
      hint: phrase('check_the_path'),
      param: 'path',
      cause: error,
    });
  if (code === 'EINVAL')
    return new ClusterError('invalid_model_file', phrase('is_no_file', { path }), {
      hint: phrase('name_the_model_file'),
      param: 'path',
      cause: error,
    });
  return new ClusterError('invalid_model_file', phrase('file_cannot_be_read', { path, code }), {
    hint: phrase('give_right_to_read'),
    param: 'path',
    cause: error,
  });
}

/** What went wrong with a folder of ours. */
export function toFolderError(error: unknown, folder: string): ClusterError {
  const code = errnoOf(error) ?? 'unknown';
  if (code === 'ENOSPC' || code === 'EDQUOT')
    return new ClusterError('disk_full', phrase('disk_of_folder_full', { folder }), {
      hint: phrase('free_space_nothing_kept'),
      cause: error,
    });
  return new ClusterError('data_folder_unwritable', phrase('folder_cannot_be_written', { folder, code }), {
    hint: phrase('check_folder_rights'),
    cause: error,
  });
}
