import type { AuditEntry, AuditFilter, AuditList, AuditQuery } from '@cluster-ai/contracts';
import { type Expression, type ExpressionBuilder, type SqlBool, sql } from 'kysely';
import type { Query } from '../../stores/database.ts';
import type { AuditEntryRow, AuditNameRow, Tables } from '../../stores/tables.ts';
import { type NamedRow, toEntry, toStoredText } from './entry.ts';

/** What one statement looks through: SQLite answers one at a time, and nobody else shall wait for long. */
const ROWS_PER_LOOK = 20_000;
/** What one page looks through before it says how to go on. */
const LOOKS_PER_PAGE = 25;
const EXPORTED_AT_ONCE = 500;

type Nullable<Row> = { [Key in keyof Row]: Row[Key] | null };
type Column = keyof AuditEntryRow | `audit_names.${keyof AuditNameRow}`;
const searched = [
  'actor_id',
  'actor_name',
  'audit_names.name',
  'address',
  'action',
  'target',
  'details_json',
  'request_id',
] as const satisfies Column[];

const lower = (text: string) => toStoredText(text).toLowerCase();
const contains = (column: Column, text: string) => {
  const pattern = `%${lower(text).replaceAll(/[\\%_]/g, (sign) => `\\${sign}`)}%`;
  return sql<SqlBool>`lower(${sql.ref(column)}) like ${pattern} escape '\\'`;
};
const equals = (column: Column, text: string) => sql<SqlBool>`lower(${sql.ref(column)}) = ${lower(text)}`;

/** The filter as a condition on rows. */
const matching =
  ({ actor, action, target, result, since, until, search }: AuditFilter) =>
  (where: ExpressionBuilder<Tables & { audit_names: Nullable<AuditNameRow> }, 'audit_entries' | 'audit_names'>): Expression<SqlBool> =>
    where.and([
      ...(actor ? [where.or([equals('actor_id', actor), equals('actor_name', actor), equals('audit_names.name', actor)])] : []),
      ...(action ? [contains('action', action)] : []),
      ...(target ? [contains('target', target)] : []),
      ...(result ? [where('result', '=', result)] : []),
      ...(since ? [where('at', '>=', Date.parse(since))] : []),
      ...(until ? [where('at', '<=', Date.parse(until))] : []),
      ...(search ? [where.or(searched.map((column) => contains(column, search)))] : []),
    ]);

/** Rows with the names of people. */
const selectNamed = (query: Query) =>
  query
    .selectFrom('audit_entries')
    .leftJoin('audit_names', 'audit_names.person_id', 'audit_entries.actor_id')
    .selectAll('audit_entries')
    .select('audit_names.name as known_name');

/** The numbers of the oldest and of the newest entry. */
async function findRange(query: Query) {
  const head = await query.selectFrom('audit_head').select(['sequence', 'anchor_sequence']).executeTakeFirst();
  return { oldest: (head?.anchor_sequence ?? 0) + 1, newest: head?.sequence ?? 0 };
}

/** One page, newest first. Looks through so many rows at most: a page may be short and still have a next one. */
export async function listEntries(query: Query, { cursor, limit, ...filter }: AuditQuery): Promise<AuditList> {
  const { oldest, newest } = await findRange(query);
  const found: NamedRow[] = [];
  let before = Math.min(newest + 1, cursor === undefined ? Number.MAX_SAFE_INTEGER : Number(cursor));
  for (let look = 0; look < LOOKS_PER_PAGE && before > oldest && found.length <= limit; look++) {
    const from = Math.max(oldest, before - ROWS_PER_LOOK);
    const rows = await selectNamed(query)
      .where('sequence', '>=', from)
      .where('sequence', '<', before)
      .where(matching(filter))
      .orderBy('sequence', 'desc')
      .limit(limit + 1 - found.length)
      .execute();
    found.push(...rows);
    before = from;
  }
  const page = found.slice(0, limit);
  const next = found.length > limit ? page.at(-1)?.sequence : before;
  return { entries: page.map(toEntry), nextCursor: next !== undefined && next > oldest ? String(next) : null };
}

/** Everything that fits, oldest first, up to what was the newest entry at the beginning. */
export async function* readEntries(query: Query, filter: AuditFilter): AsyncGenerator<AuditEntry, void, undefined> {
  const { oldest, newest } = await findRange(query);
  for (let from = oldest; from <= newest; ) {
    const until = Math.min(newest, from + ROWS_PER_LOOK - 1);
    const rows = await selectNamed(query)
      .where('sequence', '>=', from)
      .where('sequence', '<=', until)
      .where(matching(filter))
      .orderBy('sequence')
      .limit(EXPORTED_AT_ONCE)
      .execute();
    yield* rows.map(toEntry);
    from = rows.length < EXPORTED_AT_ONCE ? until + 1 : (rows.at(-1)?.sequence ?? until) + 1;
  }
}
