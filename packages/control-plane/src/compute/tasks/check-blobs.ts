import { ClusterError, type TaskRequest } from '@cluster-ai/contracts';
import type { Caller } from '../../access/caller.ts';
import { mayUseModel } from '../../access/model-grants.ts';
import { findUsers } from '../../registry/names-of-blobs.ts';
import type { Query } from '../../stores/database.ts';

const blobOf = (table: unknown): unknown => (table as { readonly blob?: unknown } | undefined)?.blob;

/** The digests of tables that stand in a task's input: its source, its rows, and what it joins. */
export function tableBlobsOf(input: Readonly<Record<string, unknown>>): readonly string[] {
  const steps = (input['steps'] ?? []) as readonly { readonly with?: unknown }[];
  const named = [input['source'], input['rows'], ...steps.map((step) => step.with)].map(blobOf);
  return named.filter((digest) => typeof digest === 'string');
}

/** Whoever knows a digest may not have the bytes for that: they are of a model that the caller may use, or came out of a task of theirs. */
async function mayRead(query: Query, caller: Caller, digest: string): Promise<boolean> {
  const own = await query
    .selectFrom('tasks')
    .select('id')
    .where('owner_id', '=', caller.ownerId)
    .where('result_digest', '=', digest)
    .executeTakeFirst();
  return own !== undefined || (await findUsers(query, digest)).some((name) => mayUseModel(caller, name));
}

/** Throws `blob_not_found` for what is not there, or not for the caller. */
export async function checkBlobs(query: Query, caller: Caller, requests: readonly TaskRequest[]): Promise<void> {
  for (const digest of new Set(requests.flatMap(({ input }) => tableBlobsOf(input)))) {
    if (await mayRead(query, caller, digest)) continue;
    throw new ClusterError('blob_not_found', `There is no file ${digest} that you may use.`, {
      param: 'input',
      hint: 'Name a file of a model, or the result of a task of yours, by its digest.',
    });
  }
}
