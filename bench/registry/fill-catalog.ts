import { sql } from 'kysely';
import { describeModel, toSizeClass } from '../../packages/control-plane/src/registry/catalog/describe-model.ts';
import { namespaceOf, wordsOf } from '../../packages/control-plane/src/registry/catalog/search-words.ts';
import type { Database, Query } from '../../packages/control-plane/src/stores/database.ts';

// Many models in few statements: what publishing them one by one would leave, for `catalog.ts`. Belongs to it.

const ROWS = 500;
const frameworks = ['gguf', 'gguf', 'gguf', 'gguf', 'safetensors', 'safetensors', 'pytorch', 'pytorch', 'onnx', 'other'] as const;
const tasks = [
  'text-generation',
  'text-generation',
  'text-generation',
  'embedding',
  'translation',
  'image-classification',
  'speech',
] as const;
const licences = [
  'apache-2.0',
  'apache-2.0',
  'mit',
  'mit',
  'llama3',
  'gemma',
  'cc-by-4.0',
  ...Array.from({ length: 40 }, (_, i) => `custom-${i}`),
];
const families = ['qwen3', 'llama', 'mistral', 'gemma', 'phi', 'resnet', 'whisper', 'bert', 'deepseek', 'granite'];
const kinds = ['instruct', 'chat', 'base', 'coder', 'vision', 'math', 'tiny', 'distill'];
const syllables = ['ba', 'co', 'di', 'fu', 'ge', 'ha', 'jo', 'ki', 'lu', 'mo', 'na', 'pe', 'ri', 'so', 'tu', 've', 'xa', 'zo'];
const languages = ['en', 'en', 'en', 'pt', 'de', 'fr', 'zh', 'ja'];

/** The same numbers in each run. */
export function createRandom(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state * 1_664_525 + 1_013_904_223) % 4_294_967_296;
    return state / 4_294_967_296;
  };
}
export const pick = <T>(random: () => number, values: readonly T[]): T => values[Math.floor(random() * values.length)] as T;

export const START = Date.UTC(2026, 0, 1);
/** Names that somebody would give: families, sizes, and words that few models share. */
export function nameOf(index: number): string {
  const random = createRandom(index * 7919 + 1);
  const own = Array.from({ length: 3 }, () => pick(random, syllables)).join('');
  return `org${Math.floor(random() * 2000)}/${pick(random, families)}-${own}-${Math.ceil(random() * 70)}b-${pick(random, kinds)}-${index}`;
}

function toModel(index: number, versions: number) {
  const random = createRandom(index * 104_729 + 3);
  const name = nameOf(index);
  const framework = pick(random, frameworks);
  const metadata = {
    task: framework === 'gguf' ? pick(random, ['text-generation', 'embedding', 'translation']) : pick(random, tasks),
    licence: pick(random, licences),
    languages: [...new Set([pick(random, languages), pick(random, languages)])],
    metrics: { accuracy: Math.round(random() * 1000) / 1000 },
  };
  const sizeBytes = Math.floor(10 ** (7 + random() * 4.5));
  const createdAt = START + index * 1000;
  const summary = describeModel(
    {
      name,
      description: `A ${pick(random, kinds)} model of the ${pick(random, families)} family for ${metadata.task}, trained on ${pick(random, syllables)}${pick(random, syllables)} data.`,
      metadata: {},
      versionCount: versions,
      createdAt,
      updatedAt: createdAt + Math.floor(random() * 1e9),
    },
    {
      version: versions,
      semver: `1.${versions}.0`,
      manifestDigest: `sha256:${index}`,
      framework,
      sizeBytes,
      metadata,
      inspection: null,
      facts: { licence: null, parameterCount: null },
    },
  );
  return { summary, metadata, sizeBytes, createdAt };
}

async function insertAll(
  transaction: Query,
  table: 'models' | 'catalog_entries' | 'catalog_summaries' | 'catalog_words' | 'blobs',
  rows: readonly object[],
): Promise<void> {
  for (let from = 0; from < rows.length; from += ROWS)
    await transaction
      .insertInto(table)
      .values(rows.slice(from, from + ROWS) as never)
      .execute();
}

const facts = JSON.stringify({ format: 'gguf', capabilities: ['chat'] });

/** Versions, files and aliases, made inside the database from the models that are there. */
async function insertVersions(transaction: Query, kind: Database['kind'], versions: number): Promise<void> {
  const empty = sql.raw(kind === 'sqlite' ? "x'00'" : "'\\x00'::bytea");
  const numbers = sql`with recursive numbers(n) as (select 1 union all select n + 1 from numbers where n < ${sql.lit(versions)})`;
  await sql`insert into versions (id, model_id, seq, semver, manifest_digest, manifest_bytes, source, facts_json, notices_json, created_at, size_bytes, framework, metadata_json, inspection_json)
    ${numbers} select models.id || '-' || n, models.id, n, '1.' || n || '.0', 'sha256:' || models.id || '-' || n, ${empty}, 'bench', ${sql.lit(facts)}, '[]', models.created_at, 1, 'gguf', '{}', null
    from models cross join numbers`.execute(transaction);
  await sql`insert into files (version_id, path, digest, size_bytes, media_type)
    ${numbers} select models.id || '-' || n, 'model.bin', 'sha256:' || substr(models.id, 7), 1, 'application/octet-stream' from models cross join numbers`.execute(
    transaction,
  );
  await sql`insert into aliases (model_id, alias, alias_lower, version_id, is_protected, updated_at, revision)
    select id, 'latest', 'latest', id || '-' || ${sql.lit(versions)}, 0, updated_at, 1 from models`.execute(transaction);
}

/** Fills an empty database. */
export async function fillCatalog(database: Database, models: number, versions: number): Promise<void> {
  await database.transaction(async (transaction) => {
    const step = 5000;
    for (let from = 0; from < models; from += step) {
      const made = Array.from({ length: Math.min(step, models - from) }, (_, index) => ({
        index: from + index,
        ...toModel(from + index, versions),
      }));
      const idOf = (index: number) => `model_${String(index).padStart(64, '0')}`;
      await insertAll(
        transaction,
        'models',
        made.map(({ index, summary, createdAt }) => ({
          id: idOf(index),
          name: summary.name,
          name_lower: summary.name.toLowerCase(),
          display_name: summary.name,
          namespace: namespaceOf(summary.name),
          description: summary.description,
          metadata_json: '{}',
          last_seq: versions,
          created_at: createdAt,
          updated_at: Date.parse(summary.updatedAt),
          revision: 1,
        })),
      );
      await insertAll(
        transaction,
        'blobs',
        made.map(({ index }) => ({
          digest: `sha256:${idOf(index).slice(6)}`,
          size_bytes: 1,
          location: 'store',
          path: '',
          created_at: 0,
          verified_at: 0,
          identity: '',
          unreferenced_at: null,
          damaged_at: null,
        })),
      );
      await insertAll(
        transaction,
        'catalog_entries',
        made.map(({ index, summary }) => ({
          number: index + 1,
          model_id: idOf(index),
          name_lower: summary.name.toLowerCase(),
          namespace: namespaceOf(summary.name),
          framework: summary.framework,
          task: summary.task,
          licence: summary.licence,
          size_class: toSizeClass(summary.sizeBytes),
          size_bytes: summary.sizeBytes,
          updated_at: Date.parse(summary.updatedAt),
        })),
      );
      await insertAll(
        transaction,
        'catalog_summaries',
        made.map(({ index, summary }) => ({ number: index + 1, summary_json: JSON.stringify(summary) })),
      );
      await insertAll(
        transaction,
        'catalog_words',
        made.flatMap(({ index, summary }) =>
          [...wordsOf(summary, { stage: pick(createRandom(index), ['test', 'live']) })].map((word) => ({ word, number: index + 1 })),
        ),
      );
    }
    await insertVersions(transaction, database.kind, versions);
    await sql`insert into catalog_word_counts select word, count(*) from catalog_words group by word`.execute(transaction);
    await sql`insert into catalog_word_counts values ('', ${sql.lit(models)})`.execute(transaction);
  });
  if (database.kind === 'postgres') await database.transaction((transaction) => sql`analyze`.execute(transaction)); // what autovacuum does soon after
}
