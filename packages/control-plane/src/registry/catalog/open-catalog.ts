import { type CatalogDetails, type CatalogModel, ClusterError, type Config, phrase, type VersionMetadata } from '@cluster-ai/contracts';
import type { Clock } from '@cluster-ai/runtime';
import type { EventBus } from '../../observability/event-bus.ts';
import type { Database, Query } from '../../stores/database.ts';
import type { ModelRow } from '../../stores/tables.ts';
import { allowVersion } from './allow-version.ts';
import type { Catalog, CatalogActor, PublishVersion } from './catalog.ts';
import { checkFiles, checkModelName } from './check-publication.ts';
import { copyModel, toPublication } from './copy-versions.ts';
import { readCursor, toCursor } from './cursor.ts';
import { diffVersions } from './diff-versions.ts';
import { writeDoorNames } from './door-names.ts';
import { aliasNotFound, moveAlias, readMoves, removeAlias, rollbackAlias, toAlias } from './move-alias.ts';
import {
  completeVersion,
  completeVersions,
  findAliasRow,
  getModelRow,
  getVersionRow,
  readAliases,
  readMetadata,
  selectVersions,
} from './read-versions.ts';
import { deleteVersion, type FindDeployed, refuseDeployed } from './remove-versions.ts';
import { searchCatalog } from './search.ts';
import { namespaceOf } from './search-words.ts';
import { enterMissing } from './write-entry.ts';
import { findModelRow, saveModel, type WriteContext, writeTags, writeVersion } from './write-version.ts';

export interface CatalogDependencies {
  readonly database: Database;
  readonly events: Pick<EventBus, 'publish'>;
  readonly clock: Pick<Clock, 'now'>;
  readonly policy: Config['registry']['policy'];
  readonly findDeployed: FindDeployed;
  /** Told after each change and before anybody else: what is kept of this model in memory is old now. */
  readonly forget: (name: string) => void;
}

const mergeMetadata = (before: VersionMetadata, changes: VersionMetadata): VersionMetadata => ({
  ...before,
  ...changes,
  ...(changes.metrics === undefined ? {} : { metrics: { ...before.metrics, ...changes.metrics } }),
});

/** Opens the catalog, and brings in line what older programs wrote. */
export async function openCatalog(dependencies: CatalogDependencies): Promise<Catalog> {
  const { database, events, clock, policy, findDeployed, forget } = dependencies;
  const { query } = database;

  const tellChanged = (name: string) => {
    forget(name);
    events.publish({ type: 'model.changed', name });
  };
  const toContext = (transaction: Query, actor: CatalogActor): WriteContext => ({ transaction, actor, policy, now: clock.now() });

  /** One model, changed in one transaction; then everybody hears of it. */
  async function change<T>(name: string, work: (transaction: Query, model: ModelRow) => Promise<T>): Promise<T> {
    const [model, result] = await database.transaction(async (transaction) => {
      const found = await getModelRow(transaction, name);
      return [found, await work(transaction, found)] as const;
    });
    tellChanged(model.name);
    return result;
  }

  const touch = (transaction: Query, model: ModelRow) => saveModel(transaction, model, {}, clock.now());

  async function readDetails(from: Query, model: ModelRow): Promise<CatalogDetails> {
    const entry = await from
      .selectFrom('catalog_entries')
      .innerJoin('catalog_summaries', 'catalog_summaries.number', 'catalog_entries.number')
      .select('summary_json')
      .where('model_id', '=', model.id)
      .executeTakeFirst();
    if (!entry) throw new ClusterError('model_not_found', phrase('model_unknown', { name: model.name }));
    const latest = await completeVersion(from, await getVersionRow(from, model, 'latest'));
    const summary = JSON.parse(entry.summary_json) as CatalogModel;
    return { ...summary, latest, aliases: [...(await readAliases(from, model.id))], metadata: readMetadata(model.metadata_json) };
  }

  async function readAlias(from: Query, model: ModelRow, alias: string) {
    const row = await findAliasRow(from, model.id, alias);
    const version = row && (await selectVersions(from, model.id).where('id', '=', row.version_id).executeTakeFirst());
    if (!row || !version) throw new Error(`The alias ${alias} was written and cannot be read.`);
    return toAlias(row, version.seq);
  }

  async function publishIn(transaction: Query, wanted: PublishVersion, actor: CatalogActor) {
    checkModelName(wanted.name);
    checkFiles(wanted.files);
    const { model, version, isChanged } = await writeVersion(toContext(transaction, actor), wanted);
    return { name: model.name, isChanged, version: await completeVersion(transaction, version) };
  }

  await enterMissing(query, (work) => database.transaction(work));

  return {
    async publish(wanted, actor, before) {
      const { name, version, isChanged } = await database.transaction(async (transaction) => {
        await before?.(transaction);
        return publishIn(transaction, wanted, actor);
      });
      forget(name);
      if (isChanged) tellChanged(name);
      return version;
    },
    get: async (name) => readDetails(query, await getModelRow(query, name)),
    search: (wanted, grants) => searchCatalog(query, wanted, grants),
    async versions(name, { limit, cursor }) {
      const model = await getModelRow(query, name);
      const list = ['versions', model.id];
      const after = readCursor(list, cursor, 'number');
      const rows = await selectVersions(query, model.id)
        .$if(after !== undefined, (older) => older.where('seq', '<', after?.number ?? 0))
        .orderBy('seq', 'desc')
        .limit(limit + 1)
        .execute();
      const last = rows.length > limit ? rows[limit - 1] : undefined;
      return {
        versions: [...(await completeVersions(query, rows.slice(0, limit)))],
        next: last ? toCursor(list, { key: 0, number: last.seq }) : null,
      };
    },
    async version({ name, version }) {
      const model = await getModelRow(query, name);
      return completeVersion(query, await getVersionRow(query, model, version));
    },
    update: (name, { description, metadata }) =>
      change(name, async (transaction, model) => {
        const merged = metadata && JSON.stringify(mergeMetadata(readMetadata(model.metadata_json), metadata));
        const changes = {
          ...(description === undefined ? {} : { description }),
          ...(merged === undefined ? {} : { metadata_json: merged }),
        };
        return readDetails(transaction, await saveModel(transaction, model, changes, clock.now()));
      }),
    setTags: ({ name, version }, tags) =>
      change(name, async (transaction, model) => {
        const row = await getVersionRow(transaction, model, version);
        await transaction.deleteFrom('tags').where('version_id', '=', row.id).execute();
        await writeTags(transaction, row.id, tags);
        await touch(transaction, model);
        return completeVersion(transaction, row);
      }),
    allow: ({ name, version }, reason) =>
      change(name, async (transaction, model) => {
        const row = await getVersionRow(transaction, model, version);
        const allowance = reason === undefined ? undefined : { reason, at: new Date(clock.now()).toISOString() };
        const allowed = await allowVersion(transaction, model, row, allowance, policy);
        await touch(transaction, model);
        return completeVersion(transaction, allowed);
      }),
    removeVersion: ({ name, version }) =>
      change(name, async (transaction, model) => {
        const row = await getVersionRow(transaction, model, version);
        await refuseDeployed(transaction, findDeployed, model, row);
        await deleteVersion(transaction, model, row, clock.now());
        await touch(transaction, model);
      }),
    aliases: async (name) => readAliases(query, (await getModelRow(query, name)).id),
    async aliasHistory(name, alias) {
      const model = await getModelRow(query, name);
      const moves = await readMoves(query, model.id, alias);
      if (moves.length === 0 && !(await findAliasRow(query, model.id, alias))) throw aliasNotFound(model, alias);
      return moves.map(({ at, from_seq, to_seq, kind, actor }) => ({
        at: new Date(at).toISOString(),
        from: from_seq,
        to: to_seq,
        kind,
        actor,
      }));
    },
    putAlias: (name, alias, { version, isProtected }, actor) =>
      change(name, async (transaction, model) => {
        const to = await getVersionRow(transaction, model, version);
        await moveAlias({ ...toContext(transaction, actor), model }, { alias, to, isProtected, kind: 'move' });
        await touch(transaction, model);
        return readAlias(transaction, model, alias);
      }),
    removeAlias: (name, alias, actor) =>
      change(name, async (transaction, model) => {
        await removeAlias({ ...toContext(transaction, actor), model }, alias);
        await touch(transaction, model);
      }),
    rollback: (name, alias, actor) =>
      change(name, async (transaction, model) => {
        await rollbackAlias({ ...toContext(transaction, actor), model }, alias);
        await touch(transaction, model);
        return readAlias(transaction, model, alias);
      }),
    async diff(name, from, to) {
      const model = await getModelRow(query, name);
      const [before, after] = [await getVersionRow(query, model, from), await getVersionRow(query, model, to)];
      return diffVersions(await completeVersion(query, before), await completeVersion(query, after));
    },
    async rename(name, to) {
      checkModelName(to, 'to');
      const { details, before } = await database.transaction(async (transaction) => {
        const model = await getModelRow(transaction, name);
        const other = await findModelRow(transaction, to);
        if (other && other.id !== model.id)
          throw new ClusterError('already_exists', phrase('name_is_taken', { name: to }), {
            hint: phrase('choose_other_name'),
            param: 'to',
          });
        await refuseDeployed(transaction, findDeployed, model);
        await writeDoorNames(transaction, model.id, to);
        const changes = {
          name: to,
          name_lower: to.toLowerCase(),
          namespace: namespaceOf(to),
          display_name: to.slice(to.lastIndexOf('/') + 1),
        };
        return { details: await readDetails(transaction, await saveModel(transaction, model, changes, clock.now())), before: model.name };
      });
      forget(before);
      if (before.toLowerCase() !== to.toLowerCase()) events.publish({ type: 'model.removed', name: before });
      tellChanged(to);
      return details;
    },
    async copy(name, to, actor, version) {
      checkModelName(to, 'to');
      const details = await database.transaction(async (transaction) => {
        const model = await getModelRow(transaction, name);
        if (version === undefined) return readDetails(transaction, await copyModel(toContext(transaction, actor), model, to));
        const row = await getVersionRow(transaction, model, version);
        await publishIn(transaction, await toPublication(transaction, model, row, to), actor);
        return readDetails(transaction, await getModelRow(transaction, to));
      });
      tellChanged(details.name);
      return details;
    },
  };
}
