import { type CatalogAlias, ClusterError, type Config, type Inspection, phrase } from '@cluster-ai/contracts';
import type { Query } from '../../stores/database.ts';
import type { AliasMoveRow, AliasRow, ModelRow } from '../../stores/tables.ts';
import { decideUse } from '../inspection/policy.ts';
import type { CatalogActor } from './catalog.ts';
import { findAliasRow, readInspection, selectVersions, type VersionColumns } from './read-versions.ts';

export interface AliasMoveContext {
  readonly transaction: Query;
  readonly model: ModelRow;
  readonly actor: CatalogActor;
  readonly policy: Config['registry']['policy'];
  readonly now: number;
}

interface Move {
  readonly alias: string;
  readonly to: VersionColumns;
  /** As it was where it is left out. */
  readonly isProtected?: boolean | undefined;
  readonly kind: 'move' | 'rollback';
}

const MOVES_TOLD = 200;

export const aliasNotFound = (model: ModelRow, alias: string) =>
  new ClusterError('alias_not_found', phrase('alias_unknown', { model: model.name, alias: alias.slice(0, 80) }), { param: 'alias' });

/** Throws `forbidden` for whoever may not touch what is protected. */
export function checkRight({ model, actor }: Pick<AliasMoveContext, 'model' | 'actor'>, alias: string): void {
  if (actor.permissions.has('models:protect')) return;
  throw new ClusterError('forbidden', phrase('alias_is_protected', { alias, model: model.name }), {
    hint: phrase('ask_for_protect'),
    details: { permission: 'models:protect' },
  });
}

/** Nobody looked: that is no reason to trust. */
export const unseen: Pick<Inspection, 'format' | 'verdict' | 'reasons'> = {
  format: 'unknown',
  verdict: 'suspicious',
  reasons: [{ code: 'unknown_format', detail: '-' }],
};

/** Throws `verdict_refused` for a version that nobody should come to trust by a protected name. */
function checkVerdict({ model, policy }: AliasMoveContext, to: VersionColumns): void {
  const inspection = readInspection(to.inspection_json) ?? unseen;
  const isOverridden = to.allowed_json !== null;
  const decision = decideUse({ model: model.name, use: 'protected-alias', inspections: [inspection], isOverridden }, policy);
  if (decision.isAllowed) return;
  throw new ClusterError('verdict_refused', decision.message, { hint: decision.hint, details: { verdict: inspection.verdict } });
}

export const lastMove = (transaction: Query, modelId: string, alias: string): Promise<AliasMoveRow | undefined> =>
  selectMoves(transaction, modelId, alias).limit(1).executeTakeFirst();

const selectMoves = (query: Query, modelId: string, alias: string) =>
  query
    .selectFrom('alias_moves')
    .selectAll()
    .where('model_id', '=', modelId)
    .where('alias_lower', '=', alias.toLowerCase())
    .orderBy('sequence', 'desc');

export const readMoves = (query: Query, modelId: string, alias: string) => selectMoves(query, modelId, alias).limit(MOVES_TOLD).execute();

async function remember(
  { transaction, model, actor, now }: AliasMoveContext,
  alias: string,
  move: Pick<AliasMoveRow, 'from_seq' | 'to_seq' | 'kind'>,
): Promise<void> {
  const last = await lastMove(transaction, model.id, alias);
  const row = { model_id: model.id, alias_lower: alias.toLowerCase(), sequence: (last?.sequence ?? 0) + 1, at: now, actor: actor.name };
  await transaction
    .insertInto('alias_moves')
    .values({ ...row, ...move })
    .execute();
}

async function seqOf({ transaction, model }: AliasMoveContext, alias: AliasRow | undefined): Promise<number | null> {
  if (!alias) return null;
  const version = await selectVersions(transaction, model.id).where('id', '=', alias.version_id).executeTakeFirst();
  return version?.seq ?? null;
}

/** Points an alias to a version, and remembers where it pointed before. False where nothing was to be done. */
export async function moveAlias(context: AliasMoveContext, { alias, to, isProtected, kind }: Move): Promise<boolean> {
  const { transaction, model, now } = context;
  const current = await findAliasRow(transaction, model.id, alias);
  const was = current?.is_protected === 1;
  const will = isProtected ?? was;
  if (current?.version_id === to.id && was === will) return false;
  if (was || will) checkRight(context, alias);
  if (will) checkVerdict(context, to);
  const row: AliasRow = {
    model_id: model.id,
    alias: current?.alias ?? alias,
    alias_lower: alias.toLowerCase(),
    version_id: to.id,
    is_protected: will ? 1 : 0,
    updated_at: now,
    revision: (current?.revision ?? 0) + 1,
  };
  await transaction
    .insertInto('aliases')
    .values(row)
    .onConflict((conflict) => conflict.columns(['model_id', 'alias_lower']).doUpdateSet(row))
    .execute();
  if (current?.version_id !== to.id) await remember(context, alias, { from_seq: await seqOf(context, current), to_seq: to.seq, kind });
  return true;
}

export async function removeAlias(context: AliasMoveContext, alias: string): Promise<void> {
  const { transaction, model } = context;
  const current = await findAliasRow(transaction, model.id, alias);
  if (!current) throw aliasNotFound(model, alias);
  if (current.alias_lower === 'latest') throw new ClusterError('invalid_request', phrase('latest_stays'), { param: 'alias' });
  if (current.is_protected === 1) checkRight(context, alias);
  await remember(context, alias, { from_seq: await seqOf(context, current), to_seq: null, kind: 'remove' });
  await transaction.deleteFrom('aliases').where('model_id', '=', model.id).where('alias_lower', '=', current.alias_lower).execute();
}

/** Back to where it pointed before its last move. That is a move as well, so the next one undoes it. */
export async function rollbackAlias(context: AliasMoveContext, alias: string): Promise<void> {
  const { transaction, model } = context;
  if (!(await findAliasRow(transaction, model.id, alias))) throw aliasNotFound(model, alias);
  const last = await lastMove(transaction, model.id, alias);
  const to =
    typeof last?.from_seq === 'number'
      ? await selectVersions(transaction, model.id).where('seq', '=', last.from_seq).executeTakeFirst()
      : undefined;
  if (!to) throw new ClusterError('conflict', phrase('nothing_to_go_back_to', { alias, model: model.name }), { param: 'alias' });
  await moveAlias(context, { alias, to, kind: 'rollback' });
}

export function toAlias(row: AliasRow, version: number): CatalogAlias {
  return { alias: row.alias, version, isProtected: row.is_protected === 1, updatedAt: new Date(row.updated_at).toISOString() };
}
