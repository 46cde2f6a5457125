import { join } from 'node:path';
import { expect, test } from 'vitest';
import { canMountSmallDisk, runOnSmallDisk } from '../stores/testing/on-small-disk.ts';

const script = join(import.meta.dirname, 'testing/import-on-full-disk.ts');
const starter = join(import.meta.dirname, '../../assets/starter/cluster-ai-starter.gguf');

test.skipIf(!(await canMountSmallDisk()))(
  'an import or a backup that does not fit is `disk_full` and leaves nothing; what fits still works',
  async () => {
    expect(await runOnSmallDisk(script, 5, starter)).toEqual({
      first: 'disk_full',
      left: { files: 0, models: 0, rows: 0 },
      second: 'done',
      backup: 'disk_full',
      leftOfBackup: [],
      again: 'done',
    });
  },
);

test.skipIf(!(await canMountSmallDisk()))(
  'an upload on a full or read-only disk: a clear error, nothing half, and it goes on afterwards',
  async () => {
    expect(await runOnSmallDisk(join(import.meta.dirname, 'testing/upload-on-full-disk.ts'), 5)).toEqual({
      announced: 'disk_full',
      tooLarge: 'disk_full',
      left: { offset: 1024 * 1024, bytes: 1024 * 1024 },
      readOnly: ['data_folder_unwritable', 'data_folder_unwritable', [0, 0]],
      again: ['done', 'done', [1, 1]],
    });
  },
);
