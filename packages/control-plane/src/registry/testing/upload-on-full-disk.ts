import { execFileSync } from 'node:child_process';
import { mkdtempSync, readdirSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { isClusterError } from '@cluster-ai/contracts';
import { silentLogger, systemClock } from '@cluster-ai/runtime';
import { openBlobStore } from '../../stores/fs/open-blob-store.ts';
import { openDatabase } from '../../stores/open-database.ts';
import { openUploads } from '../uploads/open-uploads.ts';

// Blobs on a small disk, rows elsewhere: uploads what does not fit, then something while the disk is read-only, then the same once it is
// not. Prints what became of each.

const [disk = ''] = process.argv.slice(2);
const state = mkdtempSync(join(tmpdir(), 'cluster-ai-state-'));
await using database = await openDatabase({ url: '', folder: { database: join(state, 'state.db') }, log: silentLogger });
const blobs = await openBlobStore({ folder: join(disk, 'blobs') });
const uploads = await openUploads({ database, blobs, clock: systemClock, log: silentLogger });
const never = new AbortController().signal;
const MIB = 1024 * 1024;

async function* bytesOf(sizeBytes: number) {
  for (let left = sizeBytes; left > 0; left -= 64 * 1024) yield Buffer.alloc(Math.min(left, 64 * 1024), 'x');
}
const codeOf = (error: unknown) => (isClusterError(error) ? error.code : String(error));
const outcome = (work: Promise<unknown>) => work.then(() => 'done', codeOf);
const mount = (mode: 'ro' | 'rw') => execFileSync('mount', ['-o', `remount,${mode}`, disk]);
const countBlobs = async () => [
  readdirSync(join(disk, 'blobs', 'sha256'), { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile()).length,
  (await database.query.selectFrom('blobs').select('digest').execute()).length,
];

const announced = await outcome(uploads.start({ owner: 'ana', sizeBytes: 20 * MIB }));
const { id } = await uploads.start({ owner: 'ana' });
await uploads.append(id, 'ana', 0, bytesOf(MIB), never);
const tooLarge = await outcome(uploads.append(id, 'ana', MIB, bytesOf(20 * MIB), never));
const left = { offset: (await uploads.status(id, 'ana')).offset, bytes: statSync(join(disk, 'blobs', 'uploads', id)).size };
mount('ro');
const readOnly = [
  await outcome(uploads.append(id, 'ana', MIB, bytesOf(1000), never)),
  await outcome(uploads.finish(id, 'ana', {})),
  await countBlobs(),
];
mount('rw');
const again = [
  await outcome(uploads.append(id, 'ana', MIB, bytesOf(1000), never)),
  await outcome(uploads.finish(id, 'ana', {})),
  await countBlobs(),
];
rmSync(state, { recursive: true });
process.stdout.write(JSON.stringify({ announced, tooLarge, left, readOnly, again }));
