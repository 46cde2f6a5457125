import { readdirSync, rmSync, statfsSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { isClusterError } from '@cluster-ai/contracts';
import { inspectFakeModel, inspectGguf } from '@cluster-ai/formats';
import { locateDataFolder, makeDataFolder, silentLogger, systemClock } from '@cluster-ai/runtime';
import { type MasterKey, newMasterKey } from '../../access/secrets/master-key.ts';
import { createBackup } from '../../backups/create-backup.ts';
import { createEventBus } from '../../observability/event-bus.ts';
import { openBlobStore } from '../../stores/fs/open-blob-store.ts';
import { openDatabase } from '../../stores/open-database.ts';
import { openRegistry } from '../open-registry.ts';

// A data folder on a small disk: imports a file (the second argument) that does not fit, then a small one, then makes a backup that does
// not fit. Prints what became of each.

const [disk = '', tooLarge = ''] = process.argv.slice(2);
const folder = locateDataFolder(join(disk, 'home'), {});
makeDataFolder(folder);
await using database = await openDatabase({ url: '', folder, log: silentLogger });
const blobs = await openBlobStore({ folder: folder.blobs });
const events = createEventBus({ firstId: 1 });
const inspect = (path: string) => (path.endsWith('.fake.json') ? inspectFakeModel(path) : inspectGguf(path));
const secrets = { withMasterKey: <T>(work: (master: MasterKey) => Promise<T>) => work(newMasterKey()) };
const dependencies = { database, secrets, blobs, events, folder, clock: systemClock, log: silentLogger };
const registry = await openRegistry({ ...dependencies, inspect });

const never = new AbortController().signal;
const codeOf = (error: unknown) => (isClusterError(error) ? error.code : String(error));
const add = (path: string) => registry.add({ name: 'model', path, description: '', inPlace: false }, never).then(() => 'done', codeOf);
const listFiles = (path: string) => readdirSync(path, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile()).length;

const first = await add(tooLarge);
const left = {
  files: listFiles(folder.blobs),
  models: (await registry.list()).length,
  rows: (await database.query.selectFrom('blobs').selectAll().execute()).length,
};
const small = join(disk, 'small.fake.json');
writeFileSync(small, JSON.stringify({ fake: 1, text: 'x'.repeat(100_000) }));
const second = await add(small);

const { bavail, bsize } = statfsSync(disk);
const filler = join(disk, 'filler');
writeFileSync(filler, Buffer.alloc(Math.max(0, bavail * bsize - 64 * 1024)));
const backups = join(disk, 'backup.tar');
const backup = await createBackup({ ...dependencies, path: backups, includeModels: true }, never).then(() => 'done', codeOf);
rmSync(filler);
const leftOfBackup = [...readdirSync(disk).filter((name) => name.startsWith('backup')), ...readdirSync(join(folder.blobs, 'staging'))];
const again = await createBackup({ ...dependencies, path: backups, includeModels: false }, never).then(() => 'done', codeOf);

process.stdout.write(JSON.stringify({ first, left, second, backup, leftOfBackup, again }));
