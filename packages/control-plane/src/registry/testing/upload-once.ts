import { writeSync } from 'node:fs';
import { join } from 'node:path';
import { silentLogger, systemClock } from '@cluster-ai/runtime';
import { openBlobStore } from '../../stores/fs/open-blob-store.ts';
import { openDatabase } from '../../stores/open-database.ts';
import { openUploads } from '../uploads/open-uploads.ts';

// Uploads one blob into the folder and says so; somebody traces its calls of the system.

const [root = ''] = process.argv.slice(2);
await using database = await openDatabase({ url: '', folder: { database: join(root, 'state.db') }, log: silentLogger });
const blobs = await openBlobStore({ folder: join(root, 'blobs') });
const uploads = await openUploads({ database, blobs, clock: systemClock, log: silentLogger });
const { id } = await uploads.start({ owner: 'ana' });
async function* bytes() {
  yield Buffer.alloc(500_000, 'weights');
}
await uploads.append(id, 'ana', 0, bytes(), new AbortController().signal);
const { digest } = await uploads.finish(id, 'ana', {});
writeSync(1, `acknowledged ${digest}\n`);
