import { createHash } from 'node:crypto';
import { appendFileSync, existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync, writeSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { inspectFakeModel } from '@cluster-ai/formats';
import { locateDataFolder, makeDataFolder, silentLogger, systemClock } from '@cluster-ai/runtime';
import { createEventBus } from '../../observability/event-bus.ts';
import { openBlobStore } from '../../stores/fs/open-blob-store.ts';
import { openDatabase } from '../../stores/open-database.ts';
import { createGarbage } from '../garbage/collect-garbage.ts';
import { createLeases } from '../garbage/leases.ts';
import { openRegistry } from '../open-registry.ts';
import { openUploads } from '../uploads/open-uploads.ts';

// One life of a registry, which a failpoint ends (`CLUSTER_AI_FAILPOINTS`): it opens what the lives before have left, checks all of it,
// goes on with unfinished uploads, and then uploads, imports, removes and collects. What it promised to keep it writes to a log before
// anything else: `ack` and `drop` with a digest, `start` with an upload and its seed. What it finds wrong it prints.

const [root = '', life = '0'] = process.argv.slice(2);
const folder = locateDataFolder(join(root, 'home'), {});
makeDataFolder(folder);
const log = join(root, 'log');
const note = (line: string) => appendFileSync(log, `${line}\n`);
const tell = (line: string) => writeSync(1, `${line}\n`);
const lines = () => (existsSync(log) ? readFileSync(log, 'utf8').split('\n') : []).map((line) => line.split(' '));

const database = await openDatabase({ url: '', folder, log: silentLogger });
const blobs = await openBlobStore({ folder: folder.blobs });
const dependencies = { database, blobs, clock: systemClock, log: silentLogger };
const registry = await openRegistry({ ...dependencies, events: createEventBus({ firstId: 1 }), inspect: inspectFakeModel });
const uploads = await openUploads(dependencies);
const leases = createLeases(dependencies);
const garbage = createGarbage(dependencies);
const never = new AbortController().signal;

const toDigest = (bytes: Uint8Array) => `sha256:${createHash('sha256').update(bytes).digest('hex')}`;
/** Of one seed always the same, and more than one write. */
const bytesOf = (seed: string) => Buffer.alloc(300_000 + (Number(seed) % 7) * 50_000, `bytes of ${seed};`);

function listFiles(): readonly string[] {
  const found = readdirSync(join(folder.blobs, 'sha256'), { recursive: true, withFileTypes: true });
  return found.filter((entry) => entry.isFile()).map(({ name }) => `sha256:${name}`);
}

function mustBeHere(): ReadonlySet<string> {
  const kept = new Set<string>();
  for (const [what, digest = ''] of lines()) {
    if (what === 'ack') kept.add(digest);
    if (what === 'drop') kept.delete(digest);
  }
  return kept;
}

async function check(): Promise<void> {
  const rows = new Set((await database.query.selectFrom('blobs').select('digest').execute()).map(({ digest }) => digest));
  const files = listFiles();
  for (const digest of mustBeHere()) if (!rows.has(digest) || !files.includes(digest)) tell(`lost ${digest}`);
  for (const digest of files) {
    if (toDigest(readFileSync(blobs.pathOf(digest))) !== digest) tell(`partial ${digest}`);
    if (!rows.has(digest)) tell(`orphan ${digest}`);
  }
  for (const digest of rows) if (!files.includes(digest)) tell(`dangling ${digest}`);
  for (const name of readdirSync(blobs.uploadsFolder))
    if (!(await database.query.selectFrom('uploads').select('id').where('id', '=', name).executeTakeFirst())) tell(`left over ${name}`);
}

async function* inPieces(bytes: Uint8Array): AsyncIterable<Uint8Array> {
  for (let at = 0; at < bytes.length; at += 64 * 1024) yield bytes.subarray(at, at + 64 * 1024);
}

async function upload(id: string, seed: string): Promise<string> {
  const bytes = bytesOf(seed);
  const { offset } = await uploads.status(id, 'ana');
  const middle = Math.max(offset, 150_000);
  await uploads.append(id, 'ana', offset, inPieces(bytes.subarray(offset, middle)), never);
  await uploads.append(id, 'ana', middle, inPieces(bytes.subarray(middle)), never);
  const { digest } = await uploads.finish(id, 'ana', { digest: toDigest(bytes) });
  note(`ack ${digest}`);
  return digest;
}

async function start(seed: string): Promise<string> {
  const { id } = await uploads.start({ owner: 'ana' });
  note(`start ${id} ${seed}`);
  return id;
}

async function goOn(): Promise<void> {
  const seeds = new Map(lines().flatMap(([what, id = '', seed = '']) => (what === 'start' ? [[id, seed] as const] : [])));
  for (const { id } of await database.query.selectFrom('uploads').select('id').execute()) {
    const seed = seeds.get(id);
    if (seed === undefined) await uploads.cancel(id, 'ana');
    else await upload(id, seed);
  }
}

/** Nothing holds what the lives before have kept; whoever finds it here after that may remove it. */
async function dropAll(): Promise<void> {
  for (const digest of mustBeHere()) note(`drop ${digest}`);
  for (const { name } of await registry.list()) await registry.remove(name);
  await leases.release('ana');
}

function layOrphan(text: string): void {
  const path = blobs.pathOf(toDigest(Buffer.from(text)));
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, text);
}

async function importModel(text: string): Promise<void> {
  const path = join(root, 'model.fake.json');
  writeFileSync(path, JSON.stringify({ fake: 1, text: `${text} ${'x'.repeat(20_000)}` }));
  const version = await registry.add({ name: `model-${text}`, path, description: '', inPlace: false }, never);
  for (const { digest } of version.files) note(`ack ${digest}`);
}

await check();
await goOn();
for (let turn = 0; turn < 4; turn++) {
  const seed = String(Number(life) * 10 + turn);
  await upload(await start(seed), seed);
  await importModel(seed);
  await uploads.cancel(await start(seed), 'ana');
  await dropAll();
  layOrphan(`orphan ${seed}`);
  await upload(await start(`${seed}1`), `${seed}1`); // held while all else goes
  await garbage.collect({ graceMs: 0 });
}
await check();
process.exit(0); // the database stays open to the end, as it does when the process is killed
