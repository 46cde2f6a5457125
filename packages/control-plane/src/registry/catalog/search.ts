import type { CatalogModel, CatalogPage, CatalogSearch, FacetName } from '@cluster-ai/contracts';
import { type RawBuilder, sql } from 'kysely';
import { type ModelGrants, mayUseModel } from '../../access/model-grants.ts';
import type { Query } from '../../stores/database.ts';
import { countFacets } from './count-facets.ts';
import { type CursorPlace, readCursor, toCursor } from './cursor.ts';
import { planSearch, type SearchPlan, type SearchTerm } from './plan-search.ts';
import { toFacetWord, toWords } from './search-words.ts';
import { isRestricted, rangesOf } from './visible-names.ts';
import { EVERY_MODEL } from './write-entry.ts';

type Sort = CatalogSearch['sort'];

const sortColumns = { updated: 'updated_at', name: 'name_lower', size: 'size_bytes' } as const satisfies Record<Sort, string>;
const facetColumns: Partial<Record<FacetName, string>> = {
  framework: 'framework',
  task: 'task',
  licence: 'licence',
  size: 'size_class',
  namespace: 'namespace',
};
/** Words beyond these are left out of a search. */
const MOST_TERMS = 8;
/** Rows read at once where some of them may not be shown. */
const ROWS_AT_ONCE = 1000;

interface EntryRow {
  readonly number: number;
  readonly name_lower: string;
  readonly key: string | number;
}

const endOf = (prefix: string) => `${prefix}\u{10ffff}`;

/** What the query asks for, without how frequent it is. */
function toTerms(query: CatalogSearch): readonly Omit<SearchTerm, 'models'>[] {
  const facets = (['framework', 'task', 'licence', 'language', 'size', 'namespace'] as const).flatMap((facet) => {
    const value = query[facet];
    const column = facetColumns[facet];
    return value === undefined || value === '' ? [] : [{ word: toFacetWord(facet, value), isPrefix: false, ...(column && { column }) }];
  });
  const words = [...new Set(toWords(query.search))].slice(0, MOST_TERMS);
  const isUnfinished = !/\s$/u.test(query.search);
  return [...facets, ...words.map((word, index) => ({ word, isPrefix: isUnfinished && index === words.length - 1 }))];
}

async function countTerms(
  query: Query,
  terms: readonly Omit<SearchTerm, 'models'>[],
): Promise<{ total: number; terms: readonly SearchTerm[] }> {
  const rows = await query
    .selectFrom('catalog_word_counts')
    .selectAll()
    .where('word', 'in', [EVERY_MODEL, ...terms.map(({ word }) => word)])
    .execute();
  const exact = new Map(rows.map(({ word, models }) => [word, Number(models)]));
  const total = exact.get(EVERY_MODEL) ?? 0;
  const countPrefix = async (word: string) => {
    const { sum } = await query
      .selectFrom((inner) =>
        inner
          .selectFrom('catalog_word_counts')
          .select('models')
          .where('word', '>=', word)
          .where('word', '<', endOf(word))
          .limit(2000)
          .as('words'),
      )
      .select(({ fn }) => fn.sum<number>('models').as('sum'))
      .executeTakeFirstOrThrow();
    return Math.min(total, Number(sum ?? 0));
  };
  const counted: SearchTerm[] = [];
  for (const term of terms) counted.push({ ...term, models: term.isPrefix ? await countPrefix(term.word) : (exact.get(term.word) ?? 0) });
  return { total, terms: counted };
}

const fitsWord = ({ word, isPrefix }: SearchTerm) => (isPrefix ? sql`word >= ${word} and word < ${endOf(word)}` : sql`word = ${word}`);

function toTest(term: SearchTerm): RawBuilder<unknown> {
  const { column, word } = term;
  if (column !== undefined) return sql`${sql.ref(`e.${column}`)} = ${word.slice(word.indexOf(':') + 1)}`;
  return sql`exists (select 1 from catalog_words where number = e.number and ${fitsWord(term)})`;
}

function toVisible(grants: ModelGrants): readonly RawBuilder<unknown>[] {
  return rangesOf(grants).map((ranges) => {
    if (ranges.length === 0) return sql`1 = 0`;
    return sql`(${sql.join(
      ranges.map(({ from, before }) => sql`(e.name_lower >= ${from} and e.name_lower < ${before})`),
      sql` or `,
    )})`;
  });
}

interface Walk {
  readonly sort: Sort;
  readonly order: 'asc' | 'desc';
  readonly plan: SearchPlan;
  readonly terms: readonly SearchTerm[];
  readonly grants: ModelGrants;
}

async function readRows(
  query: Query,
  { sort, order, plan, terms, grants }: Walk,
  after: CursorPlace | undefined,
  limit: number,
): Promise<readonly EntryRow[]> {
  if (plan.by === 'nothing') return [];
  const key = sql.ref(`e.${sortColumns[sort]}`);
  const direction = sql.raw(order);
  const beyond = sql.raw(order === 'asc' ? '>' : '<');
  const begins = plan.by === 'term' ? plan.term : undefined;
  const tests = [
    ...terms.filter((term) => term !== begins).map(toTest),
    ...toVisible(grants),
    ...(after === undefined ? [] : [sql`(${key}, e.number) ${beyond} (${after.key}, ${after.number})`]),
  ];
  const where = tests.length === 0 ? sql`` : sql`where ${sql.join(tests, sql` and `)}`;
  // materialised, and joined from left to right: the database is told where to begin, since we know how frequent words are
  const start = begins ? sql`with hits as materialized (select distinct number from catalog_words where ${fitsWord(begins)})` : sql``;
  const from = begins ? sql`hits cross join catalog_entries e` : sql`catalog_entries e`;
  const joined = begins ? (tests.length === 0 ? sql`where e.number = hits.number` : sql`${where} and e.number = hits.number`) : where;
  const { rows } = await sql<EntryRow>`${start} select e.number, e.name_lower, ${key} as key from ${from} ${joined}
    order by ${key} ${direction}, e.number ${direction} limit ${sql.lit(limit)}`.execute(query);
  return rows;
}

const toPlace = ({ key, number }: EntryRow): CursorPlace => ({ key, number });

/** Reads on until the page is full: what the database gave may hold names that are not granted. */
async function readPage(
  query: Query,
  walk: Walk,
  after: CursorPlace | undefined,
  limit: number,
): Promise<{ rows: readonly EntryRow[]; hasMore: boolean }> {
  const isFiltered = isRestricted(walk.grants);
  const found: EntryRow[] = [];
  for (let place = after; ; ) {
    const wanted = isFiltered ? Math.max(limit + 1, ROWS_AT_ONCE) : limit + 1;
    const rows = await readRows(query, walk, place, wanted);
    found.push(...rows.filter(({ name_lower }) => !isFiltered || mayUseModel(walk.grants, name_lower)));
    const last = rows.at(-1);
    if (found.length > limit || rows.length < wanted || last === undefined)
      return { rows: found.slice(0, limit), hasMore: found.length > limit };
    place = toPlace(last);
  }
}

async function readSummaries(query: Query, rows: readonly EntryRow[]): Promise<CatalogModel[]> {
  const numbers = rows.map(({ number }) => number);
  if (numbers.length === 0) return [];
  const found = await query.selectFrom('catalog_summaries').selectAll().where('number', 'in', numbers).execute();
  const byNumber = new Map(found.map(({ number, summary_json }) => [number, summary_json]));
  return numbers.flatMap((number) => {
    const summary = byNumber.get(number); // gone, where it was removed between the two reads
    return summary === undefined ? [] : [JSON.parse(summary) as CatalogModel];
  });
}

/** One page of the models that fit, in the order that was asked for. */
export async function searchCatalog(query: Query, wanted: CatalogSearch, grants: ModelGrants): Promise<CatalogPage> {
  const { sort, limit, cursor, facets: wantsFacets, order = sort === 'name' ? 'asc' : 'desc' } = wanted;
  const asked = toTerms(wanted);
  const list = [sort, order, asked.map(({ word, isPrefix }) => [word, isPrefix])];
  const after = readCursor(list, cursor, sort === 'name' ? 'string' : 'number');
  const { total, terms } = await countTerms(query, asked);
  const walk: Walk = { sort, order, terms, grants, plan: planSearch(terms, total, limit) };
  const { rows, hasMore } = await readPage(query, walk, after, limit);
  const last = rows.at(-1);
  return {
    models: await readSummaries(query, rows),
    next: hasMore && last ? toCursor(list, toPlace(last)) : null,
    ...(wantsFacets ? { facets: await countFacets(query, grants) } : {}),
  };
}
