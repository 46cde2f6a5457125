import { ClusterError, type ClusterErrorOptions } from '@cluster-ai/contracts';
import type { SqliteFailure } from './sqlite-worker.ts';

// result codes: https://www.sqlite.org/rescode.html; the low byte is the kind, the rest its detail
const kinds = {
  permission: 3,
  busy: 5,
  locked: 6,
  readOnly: 8,
  ioError: 10,
  corrupt: 11,
  full: 13,
  cannotOpen: 14,
  constraint: 19,
  notADatabase: 26,
};
const details = { uniqueViolated: 2067, primaryKeyViolated: 1555, sharedMemorySize: 4874, readOnlyByRollback: 1032 };

const freeSpace = 'Free some space on that disk; nothing of the change was kept.';
const checkPermissions = 'Check the owner and the permissions of that folder, and that its disk is mounted for writing.';
const restore = 'Stop the cluster and restore the newest backup with `cluster-ai backup restore`.';

/** SQLite's result code in our words. What cannot be the caller's or the disk's fault stays a plain error. */
export function toSqliteError({ message, resultCode = 0 }: SqliteFailure, file: string): Error {
  const because = (options: ClusterErrorOptions = {}) => ({ ...options, cause: new Error(message) });
  if (resultCode === details.uniqueViolated || resultCode === details.primaryKeyViolated)
    return new ClusterError('already_exists', 'A record with the same name or number exists already.', because());
  // in write-ahead mode a full disk may also show when the shared index cannot grow
  if (resultCode === details.sharedMemorySize)
    return new ClusterError('disk_full', `The disk of ${file} is full.`, because({ hint: freeSpace }));
  switch (resultCode & 0xff) {
    case kinds.full:
      return new ClusterError('disk_full', `The disk of ${file} is full.`, because({ hint: freeSpace }));
    case kinds.permission:
    case kinds.readOnly:
    case kinds.cannotOpen:
      return new ClusterError('data_folder_unwritable', `The database ${file} cannot be written.`, because({ hint: checkPermissions }));
    case kinds.busy:
    case kinds.locked:
      return new ClusterError(
        'database_unavailable',
        `Another process holds the database ${file}.`,
        because({ hint: 'See which one with `cluster-ai status`; stop it or try again.' }),
      );
    case kinds.constraint:
      return new ClusterError(
        'conflict',
        'The change does not fit to what is stored.',
        because({ hint: 'Read it again and repeat the change.' }),
      );
    case kinds.corrupt:
    case kinds.notADatabase:
      return new ClusterError('database_damaged', `The database ${file} is damaged.`, because({ hint: restore }));
    case kinds.ioError:
      return new ClusterError('database_unavailable', `The disk of ${file} failed to read or write.`, because({ hint: 'Check the disk.' }));
    default:
      return new Error(`SQLite: ${message}`);
  }
}
