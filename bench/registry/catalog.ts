/*
 * List, search and get over very many models, on both databases, beside the limit of 50 ms; and text search beside the databases' own (FTS5,
 * tsvector), over the same rows in the same run.
 *
 *   node bench/registry/catalog.ts [--models 100000] [--versions 10] [--rounds 200] [--databases sqlite,postgres] [--out catalog.json]
 */
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { cpus, tmpdir } from 'node:os';
import { join } from 'node:path';
import { performance } from 'node:perf_hooks';
import { parseArgs } from 'node:util';
import { sql } from 'kysely';
import { type CatalogSearch, catalogSearchShape } from '../../packages/contracts/src/index.ts';
import { createEventBus } from '../../packages/control-plane/src/observability/event-bus.ts';
import { openRegistry } from '../../packages/control-plane/src/registry/open-registry.ts';
import type { Database } from '../../packages/control-plane/src/stores/database.ts';
import { openBlobStore } from '../../packages/control-plane/src/stores/fs/open-blob-store.ts';
import { openDatabase } from '../../packages/control-plane/src/stores/open-database.ts';
import { findPostgresPrograms, startThrowawayPostgres } from '../../packages/control-plane/src/stores/testing/throwaway-postgres.ts';
import { silentLogger, systemClock } from '../../packages/runtime/src/index.ts';
import { createRandom, fillCatalog, nameOf, pick } from './fill-catalog.ts';

const { values } = parseArgs({
  options: {
    models: { type: 'string', default: '100000' },
    versions: { type: 'string', default: '10' },
    rounds: { type: 'string', default: '200' },
    databases: { type: 'string', default: 'sqlite,postgres' },
    out: { type: 'string' },
  },
});
const [models, versions, rounds] = [Number(values.models), Number(values.versions), Number(values.rounds)];
const GOAL_MS = 50;
const everything = { models: undefined };
const folder = await mkdtemp(join(tmpdir(), 'bench-catalog-'));
const programs = await findPostgresPrograms();
await using server = values.databases.includes('postgres') && programs !== undefined ? await startThrowawayPostgres(programs) : undefined;

const round = (value: number) => Math.round(value * 100) / 100;
const percentile = (sorted: readonly number[], share: number) =>
  round(sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? Number.NaN);
const measurements: Record<string, string | number>[] = [];

async function measure(database: string, what: string, work: (random: () => number) => Promise<unknown>, isOurs = true): Promise<void> {
  const random = createRandom(what.length * 31 + 7);
  for (let warm = 0; warm < 10; warm++) await work(random);
  const times: number[] = [];
  for (let index = 0; index < rounds; index++) {
    const begun = performance.now();
    await work(random);
    times.push(performance.now() - begun);
  }
  const sorted = times.toSorted((a, b) => a - b);
  const row = { database, what, 'p50 ms': percentile(sorted, 0.5), 'p95 ms': percentile(sorted, 0.95), 'max ms': percentile(sorted, 1) };
  measurements.push({ ...row, goal: isOurs ? GOAL_MS : '' });
  process.stdout.write(`${Object.values(row).join('  ')}\n`);
}

/** The databases' own text search over the same texts, newest first. */
async function buildPeer(database: Database): Promise<(word: string) => Promise<unknown>> {
  if (database.kind === 'sqlite') {
    await database.transaction(async (transaction) => {
      await sql`create virtual table peer using fts5(text, content='', detail='none')`.execute(transaction);
      await sql`insert into peer (rowid, text) select number, name || ' ' || description from catalog_entries join models on models.id = model_id`.execute(
        transaction,
      );
    });
    return (word) =>
      sql`select e.number from peer join catalog_entries e on e.number = peer.rowid where peer match ${`${word}*`} order by e.updated_at desc limit 51`.execute(
        database.query,
      );
  }
  await database.transaction(async (transaction) => {
    await sql`create table peer as select number, to_tsvector('simple', replace(name, '-', ' ') || ' ' || description) as words, e.updated_at from catalog_entries e join models on models.id = model_id`.execute(
      transaction,
    );
    await sql`create index peer_words on peer using gin (words)`.execute(transaction);
    await sql`create index peer_order on peer (updated_at)`.execute(transaction);
    await sql`analyze peer`.execute(transaction);
  });
  return (word) =>
    sql`select e.number from peer join catalog_entries e on e.number = peer.number where words @@ to_tsquery('simple', ${`${word}:*`}) order by peer.updated_at desc limit 51`.execute(
      database.query,
    );
}

async function visit(kind: string, url: string): Promise<void> {
  await using database = await openDatabase({ url, folder: { database: join(folder, 'cluster.db') }, log: silentLogger });
  const begun = performance.now();
  await fillCatalog(database, models, versions);
  measurements.push({
    database: kind,
    what: `fill: ${models} models, ${models * versions} versions (s)`,
    'p50 ms': round((performance.now() - begun) / 1000),
  });
  console.log(measurements.at(-1));

  const blobs = await openBlobStore({ folder: join(folder, kind) });
  const events = createEventBus({ firstId: 1 });
  globalThis.gc?.();
  const [opened, heapBefore] = [performance.now(), process.memoryUsage().heapUsed];
  const inspect = async () => {
    throw new Error('No file is added here.');
  };
  const registry = await openRegistry({ database, blobs, events, clock: systemClock, log: silentLogger, inspect });
  measurements.push({ database: kind, what: 'start of the registry', 'p50 ms': round(performance.now() - opened) });
  globalThis.gc?.();
  measurements.push({
    database: kind,
    what: 'heap after it (MB more)',
    'p50 ms': round((process.memoryUsage().heapUsed - heapBefore) / 1e6),
  });
  console.log(measurements.slice(-2));

  const { catalog } = registry;
  const search = (query: Partial<Record<keyof CatalogSearch, string>>, grants = everything) =>
    catalog.search(catalogSearchShape.parse(query), grants);
  const cursors: Record<string, string[]> = { updated: [], name: [], size: [] };
  for (const sort of ['updated', 'name', 'size'] as const) {
    let cursor: string | undefined;
    for (let page = 0; page < 30; page++) {
      const { next } = await search({ sort, limit: '200', ...(cursor === undefined ? {} : { cursor }) });
      if (next === null) break;
      cursors[sort]?.push(next);
      cursor = next;
    }
  }
  const m = (what: string, work: (random: () => number) => Promise<unknown>) => measure(kind, what, work);
  await m('list, first page', () => search({}));
  for (const sort of ['updated', 'name', 'size'] as const)
    await m(`list, a later page, by ${sort}`, (random) => search({ sort, limit: '200', cursor: pick(random, cursors[sort] ?? []) }));
  await m('list with the counters of all facets', () => search({ facets: 'true' }));
  await m('facet: framework', (random) => search({ framework: pick(random, ['gguf', 'onnx', 'pytorch']) }));
  await m('facets: framework, task, licence', (random) =>
    search({ framework: 'gguf', task: 'text-generation', licence: pick(random, ['mit', 'custom-7', 'gemma']) }),
  );
  await m('facets that exclude each other', () => search({ framework: 'gguf', task: 'image-classification' }));
  await m('facet: language and size', (random) => search({ language: pick(random, ['pt', 'ja']), size: '1gb-10gb', sort: 'size' }));
  await m('facet: namespace', (random) => search({ namespace: `org${Math.floor(random() * 2000)}` }));
  await m('text: a word of most models', () => search({ search: 'model ' }));
  await m('text: a family', (random) => search({ search: `${pick(random, ['qwen3', 'llama', 'gemma'])} ` }));
  await m('text: the beginning of a rare word', (random) =>
    search({
      search:
        nameOf(Math.floor(random() * models))
          .split('-')[1]
          ?.slice(0, 5) ?? 'x',
    }),
  );
  await m('text: a beginning that very many have', (random) => search({ search: pick(random, ['m', 'q', 'ba']) }));
  await m('text: two words', (random) => search({ search: `${pick(random, ['qwen3', 'llama', 'bert'])} coder` }));
  await m('text: two words and the beginning of a third', (random) =>
    search({ search: `${pick(random, ['qwen3', 'llama', 'bert'])} coder 7` }),
  );
  await m('text: two words, with a facet of few', (random) =>
    search({ search: `${pick(random, ['qwen3', 'llama', 'bert'])} coder`, framework: pick(random, ['onnx', 'pytorch', 'other']) }),
  );
  await m('text with a licence, by name', (random) =>
    search({ search: 'vision ', licence: pick(random, ['mit', 'custom-3', 'gemma']), sort: 'name' }),
  );
  await m('text with facets', () => search({ search: 'llama instruct', framework: 'safetensors', licence: 'mit' }));
  await m('list of one who may use one namespace', (random) => search({}, { models: [`org${Math.floor(random() * 2000)}/*`] } as never));
  await m('get', (random) => catalog.get(nameOf(Math.floor(random() * models))));
  await m('versions of a model', (random) => catalog.versions(nameOf(Math.floor(random() * models)), { limit: 50 }));
  await m('resolve a reference that is not in memory', (random) =>
    registry.find(`${nameOf(Math.floor(random() * models))}:${Math.ceil(random() * versions)}`),
  );
  const peer = await buildPeer(database);
  const name = kind === 'sqlite' ? 'FTS5' : 'tsvector';
  await measure(kind, `${name}: a word of most models`, () => peer('model'), false);
  await measure(kind, `${name}: a family`, (random) => peer(pick(random, ['qwen3', 'llama', 'gemma'])), false);
  await measure(
    kind,
    `${name}: the beginning of a rare word`,
    (random) =>
      peer(
        nameOf(Math.floor(random() * models))
          .split('-')[1]
          ?.slice(0, 5) ?? 'x',
      ),
    false,
  );
}

if (values.databases.includes('sqlite')) await visit('sqlite', '');
if (server !== undefined) await visit('postgres', await server.createDatabase());
await rm(folder, { recursive: true, force: true });

const slow = measurements.filter((row) => row.goal === GOAL_MS && Number(row['p95 ms']) >= GOAL_MS);
console.table(measurements);
if (values.out !== undefined) {
  const machine = { cpu: cpus()[0]?.model, cores: cpus().length, node: process.version };
  const notes = [
    `${models} models with ${versions} versions each; ${rounds} requests of each kind after 10 that are not counted, one at a time, each with other values.`,
    'Calls of the catalog inside of one process, the database in its own thread (SQLite) or process (PostgreSQL, over a Unix socket, 16 MB of buffers).',
    'FTS5 and tsvector: the databases’ own text search over the same texts, sorted the same way.',
  ];
  const result = { benchmark: 'registry-catalog', title: 'The registry with very many models', machine, notes, measurements };
  await writeFile(values.out, `${JSON.stringify(result, null, 1)}\n`);
}
process.exitCode = slow.length === 0 ? 0 : 1;
