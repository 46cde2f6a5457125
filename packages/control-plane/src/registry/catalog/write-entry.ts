import type { CatalogModel, Framework } from '@cluster-ai/contracts';
import { sql } from 'kysely';
import type { Query } from '../../stores/database.ts';
import type { ModelRow } from '../../stores/tables.ts';
import { readFacts } from '../model-rows.ts';
import { describeModel, toSizeClass } from './describe-model.ts';
import { findAliasRow, readInspection, readMetadata, readTags, selectVersions } from './read-versions.ts';
import { namespaceOf, wordsOf } from './search-words.ts';

/** Counts all models. No text and no facet has this word. */
export const EVERY_MODEL = '';

async function findLatest(transaction: Query, modelId: string) {
  const alias = await findAliasRow(transaction, modelId, 'latest');
  const own = selectVersions(transaction, modelId);
  return alias ? own.where('id', '=', alias.version_id).executeTakeFirst() : own.orderBy('seq', 'desc').limit(1).executeTakeFirst();
}

async function countVersions(transaction: Query, modelId: string): Promise<number> {
  const { count } = await transaction
    .selectFrom('versions')
    .select(({ fn }) => fn.countAll<number>().as('count'))
    .where('model_id', '=', modelId)
    .executeTakeFirstOrThrow();
  return Number(count);
}

async function nextNumber(transaction: Query): Promise<number> {
  const { newest } = await transaction
    .selectFrom('catalog_entries')
    .select(({ fn }) => fn.max('number').as('newest'))
    .executeTakeFirstOrThrow();
  return Number(newest ?? 0) + 1;
}

const wordsOfEntry = async (transaction: Query, number: number) =>
  new Set((await transaction.selectFrom('catalog_words').select('word').where('number', '=', number).execute()).map(({ word }) => word));

async function countUp(transaction: Query, words: readonly string[]): Promise<void> {
  if (words.length === 0) return;
  await transaction
    .insertInto('catalog_word_counts')
    .values(words.map((word) => ({ word, models: 1 })))
    .onConflict((conflict) => conflict.column('word').doUpdateSet({ models: sql`catalog_word_counts.models + 1` }))
    .execute();
}

async function countDown(transaction: Query, words: readonly string[]): Promise<void> {
  if (words.length === 0) return;
  const counts = () => ({ where: ['word', 'in', words] as const });
  await transaction
    .updateTable('catalog_word_counts')
    .set({ models: sql`models - 1` })
    .where(...counts().where)
    .execute();
  await transaction
    .deleteFrom('catalog_word_counts')
    .where(...counts().where)
    .where('models', '<=', 0)
    .execute();
}

async function writeWords(transaction: Query, number: number, wanted: ReadonlySet<string>): Promise<void> {
  const before = await wordsOfEntry(transaction, number);
  const added = [...wanted].filter((word) => !before.has(word));
  const gone = [...before].filter((word) => !wanted.has(word));
  if (added.length > 0)
    await transaction
      .insertInto('catalog_words')
      .values(added.map((word) => ({ word, number })))
      .execute();
  if (gone.length > 0) await transaction.deleteFrom('catalog_words').where('number', '=', number).where('word', 'in', gone).execute();
  await countUp(transaction, added);
  await countDown(transaction, gone);
}

/**
 * Brings what search reads in line with a model, in the transaction that changes the model: always all of it, from the rows as they are now,
 * so that nothing can be forgotten.
 */
export async function refreshEntry(transaction: Query, model: ModelRow): Promise<void> {
  const latest = await findLatest(transaction, model.id);
  if (!latest) return removeEntry(transaction, model.id);
  const summary: CatalogModel = describeModel(
    {
      name: model.name,
      description: model.description,
      metadata: readMetadata(model.metadata_json),
      versionCount: await countVersions(transaction, model.id),
      createdAt: model.created_at,
      updatedAt: model.updated_at,
    },
    {
      version: latest.seq,
      semver: latest.semver,
      manifestDigest: latest.manifest_digest,
      framework: latest.framework as Framework,
      sizeBytes: latest.size_bytes,
      metadata: readMetadata(latest.metadata_json),
      inspection: readInspection(latest.inspection_json),
      facts: readFacts(latest.facts_json),
    },
  );
  const known = await transaction.selectFrom('catalog_entries').select('number').where('model_id', '=', model.id).executeTakeFirst();
  const row = {
    number: known?.number ?? (await nextNumber(transaction)),
    model_id: model.id,
    name_lower: model.name_lower,
    namespace: namespaceOf(model.name_lower),
    framework: summary.framework,
    task: summary.task,
    licence: summary.licence,
    size_class: toSizeClass(summary.sizeBytes),
    size_bytes: summary.sizeBytes,
    updated_at: model.updated_at,
  };
  if (known) await transaction.updateTable('catalog_entries').set(row).where('number', '=', row.number).execute();
  else {
    await transaction.insertInto('catalog_entries').values(row).execute();
    await countUp(transaction, [EVERY_MODEL]);
  }
  const shown = { number: row.number, summary_json: JSON.stringify(summary) };
  await transaction
    .insertInto('catalog_summaries')
    .values(shown)
    .onConflict((conflict) => conflict.column('number').doUpdateSet(shown))
    .execute();
  await writeWords(transaction, row.number, wordsOf(summary, await readTags(transaction, latest.id)));
}

/** Before the model goes: its words are counted down one by one. */
export async function removeEntry(transaction: Query, modelId: string): Promise<void> {
  const known = await transaction.selectFrom('catalog_entries').select('number').where('model_id', '=', modelId).executeTakeFirst();
  if (!known) return;
  await writeWords(transaction, known.number, new Set());
  await countDown(transaction, [EVERY_MODEL]);
  await transaction.deleteFrom('catalog_entries').where('number', '=', known.number).execute();
}

const ROUND = 500;

/** Models that an older program wrote have no entry yet. Reads nothing where all have one. */
export async function enterMissing(
  query: Query,
  inTransaction: (work: (transaction: Query) => Promise<void>) => Promise<void>,
): Promise<void> {
  for (;;) {
    const missing = await query
      .selectFrom('models')
      .selectAll('models')
      .where(({ not, exists, selectFrom }) =>
        not(exists(selectFrom('catalog_entries').select('number').whereRef('catalog_entries.model_id', '=', 'models.id'))),
      )
      .where(({ exists, selectFrom }) => exists(selectFrom('versions').select('id').whereRef('versions.model_id', '=', 'models.id')))
      .limit(ROUND)
      .execute();
    if (missing.length === 0) return;
    await inTransaction(async (transaction) => {
      for (const model of missing) await refreshEntry(transaction, model);
    });
  }
}
