import type { Query } from '../stores/database.ts';

/** Databases take only so many values in one statement. */
const AT_ONCE = 500;

function inParts<T>(values: readonly T[]): readonly (readonly T[])[] {
  return Array.from({ length: Math.ceil(values.length / AT_ONCE) }, (_, index) => values.slice(index * AT_ONCE, (index + 1) * AT_ONCE));
}

/** The name of a model for each of these digests and paths that one uses. */
export async function findNames(
  query: Query,
  { digests, paths }: { readonly digests: readonly string[]; readonly paths: readonly string[] },
): Promise<ReadonlyMap<string, string>> {
  const select = () =>
    query
      .selectFrom('files')
      .innerJoin('versions', 'versions.id', 'files.version_id')
      .innerJoin('models', 'models.id', 'versions.model_id')
      .innerJoin('blobs', 'blobs.digest', 'files.digest')
      .select(['models.name', 'files.digest', 'blobs.path']);
  const names = new Map<string, string>();
  for (const part of inParts(digests))
    for (const row of await select().where('files.digest', 'in', part).execute()) names.set(row.digest, row.name);
  for (const part of inParts(paths))
    for (const row of await select().where('blobs.path', 'in', part).execute()) names.set(row.path, row.name);
  return names;
}

/** More are not told one by one. */
const MOST_USERS = 1000;

/** The models that have these bytes. */
export async function findUsers(query: Query, digest: string): Promise<readonly string[]> {
  const rows = await query
    .selectFrom('files')
    .innerJoin('versions', 'versions.id', 'files.version_id')
    .innerJoin('models', 'models.id', 'versions.model_id')
    .select('models.name')
    .distinct()
    .where('files.digest', '=', digest)
    .limit(MOST_USERS)
    .execute();
  return rows.map(({ name }) => name);
}
