import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { inspectFakeModel } from '@cluster-ai/formats';
import { locateDataFolder, makeDataFolder, silentLogger, systemClock } from '@cluster-ai/runtime';
import { createEventBus } from '../../observability/event-bus.ts';
import { openBlobStore } from '../../stores/fs/open-blob-store.ts';
import { openDatabase } from '../../stores/open-database.ts';
import { openRegistry } from '../open-registry.ts';

// Adds and removes models for ever, several at a time, and prints a line for each step. Somebody kills it.

const root = process.argv[2] ?? '';
const folder = locateDataFolder(join(root, 'home'), {});
makeDataFolder(folder);
const database = await openDatabase({ url: '', folder, log: silentLogger });
const blobs = await openBlobStore({ folder: folder.blobs });
const events = createEventBus({ firstId: 1 });
const registry = await openRegistry({ database, blobs, events, clock: systemClock, log: silentLogger, inspect: inspectFakeModel });
const never = new AbortController().signal;

async function churn(lane: number): Promise<void> {
  for (let i = 0; ; i++) {
    const path = join(root, `${lane}-${i % 5}.fake.json`);
    writeFileSync(path, JSON.stringify({ fake: 1, text: `${lane % 2} ${i % 5} ${'x'.repeat(50_000)}` })); // some bytes in two lanes
    await registry.add({ name: `model-${lane}`, path, description: '', inPlace: false }, never);
    process.stdout.write('.\n');
    if (i % 3 === 2) await registry.remove(`model-${lane}`);
  }
}

await Promise.all([0, 1, 2].map(churn));
