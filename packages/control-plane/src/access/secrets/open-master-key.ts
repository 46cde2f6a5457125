import { ClusterError } from '@cluster-ai/contracts';
import type { Clock, Logger } from '@cluster-ai/runtime';
import type { Database, Query } from '../../stores/database.ts';
import type { DataKeyRow } from '../../stores/tables.ts';
import {
  createMasterKeyFiles,
  type FoundMasterKey,
  findMasterKey,
  findPreviousKey,
  type GivenKeys,
  type MasterKey,
  type MasterKeyFiles,
  newMasterKey,
} from './master-key.ts';
import { openBytes, type SealContext, sealBytes } from './sealed-bytes.ts';

const CANARY = Buffer.from('cluster-ai');

const canaryContext = ({ id }: MasterKey): SealContext => ({ table: 'master_keys', column: 'canary', row: id });
const wrapContext = ({ purpose, version }: Pick<DataKeyRow, 'purpose' | 'version'>): SealContext => ({
  table: 'data_keys',
  column: 'wrapped',
  row: `${purpose} ${version}`,
});

export const wrapDataKey = (master: MasterKey, place: Pick<DataKeyRow, 'purpose' | 'version'>, bytes: Uint8Array): Buffer =>
  sealBytes(master.key, { purpose: master.id, version: 1 }, wrapContext(place), bytes);

export function unwrapDataKey(master: MasterKey, row: Pick<DataKeyRow, 'purpose' | 'version' | 'wrapped'>): Buffer {
  const bytes = openBytes(master.key, wrapContext(row), row.wrapped);
  if (bytes !== undefined) return bytes;
  throw new ClusterError('secret_unreadable', `The key for "${row.purpose}" (version ${row.version}) does not open with the master key.`, {
    hint: 'The database was changed from outside, or is a mixture of two: restore it from a backup.',
  });
}

const writeCanary = (query: Query, master: MasterKey, now: number) =>
  query
    .insertInto('master_keys')
    .values({
      id: master.id,
      canary: sealBytes(master.key, { purpose: master.id, version: 1 }, canaryContext(master), CANARY),
      created_at: now,
    })
    .execute();

/** Wraps every data key with another master key. All or none. */
export async function rewrap(database: Database, from: MasterKey, to: MasterKey, now: number): Promise<void> {
  await database.transaction(async (transaction) => {
    for (const row of await transaction.selectFrom('data_keys').selectAll().execute())
      await transaction
        .updateTable('data_keys')
        .set({ wrapped: wrapDataKey(to, row, unwrapDataKey(from, row)) })
        .where('purpose', '=', row.purpose)
        .where('version', '=', row.version)
        .execute();
    await transaction.deleteFrom('master_keys').execute();
    await writeCanary(transaction, to, now);
  });
}

export interface MasterKeyDependencies {
  readonly database: Database;
  readonly secretsFolder: string;
  readonly given: GivenKeys;
  readonly clock: Pick<Clock, 'now'>;
  readonly log: Logger;
}

/** Which key this state was sealed with, or nothing when none was yet. */
type Canary = { readonly id: string; readonly canary: Uint8Array } | undefined;

const isKeyOf = (canary: Canary, master: MasterKey | undefined): master is MasterKey =>
  master !== undefined && canary !== undefined && openBytes(master.key, canaryContext(master), canary.canary)?.equals(CANARY) === true;

async function readCanary(query: Query): Promise<Canary> {
  const canary = await query.selectFrom('master_keys').select(['id', 'canary']).executeTakeFirst();
  const sealed = await query.selectFrom('data_keys').select('purpose').executeTakeFirst();
  if (canary === undefined && sealed !== undefined)
    throw new ClusterError('secret_unreadable', 'The state holds sealed keys and does not say which master key they belong to.', {
      hint: 'The database was changed from outside: restore it from a backup.',
    });
  return canary;
}

function refuse({ id }: { readonly id: string }, found: FoundMasterKey | undefined, files: MasterKeyFiles): never {
  const places = { credential: 'The systemd credential', environment: 'CLUSTER_AI_KEY', file: files.path };
  const message =
    found === undefined
      ? `The secrets of this cluster are sealed with the master key ${id}, and there is no key here.`
      : `${places[found.source]} holds another master key (${found.master.id}) than the one that the secrets of this cluster are sealed with (${id}).`;
  throw new ClusterError('secret_unreadable', message, {
    hint: `Bring that key back: as ${files.path} (mode 600), as CLUSTER_AI_KEY, or as a systemd credential. Nothing was changed.`,
    details: { expected: id, ...(found === undefined ? {} : { found: found.master.id }) },
  });
}

/** The first start: the key is on the disk before anything is sealed with it. */
async function begin(found: FoundMasterKey | undefined, files: MasterKeyFiles, { database, clock, log }: MasterKeyDependencies) {
  const chosen = found ?? { master: newMasterKey(), source: 'file' as const };
  if (found === undefined) files.writeFirst(chosen.master);
  await database.transaction(async (transaction) => void (await writeCanary(transaction, chosen.master, clock.now())));
  log.info({ masterKey: chosen.master.id, source: chosen.source }, 'Secrets are sealed with a new master key');
  return chosen;
}

/** Finishes, or forgets, the replacement of the key file that a crash ended. */
function settleFiles(canary: Canary, found: FoundMasterKey | undefined, files: MasterKeyFiles): FoundMasterKey | undefined {
  if (found !== undefined && found.source !== 'file') return found;
  const next = files.readNext();
  if (isKeyOf(canary, next)) {
    files.promoteNext();
    return { master: next, source: 'file' };
  }
  if (isKeyOf(canary, found?.master)) files.dropNext();
  return found;
}

export interface OpenedMasterKey extends FoundMasterKey {
  readonly files: MasterKeyFiles;
}

/**
 * Finds the master key and proves that it is the right one, before anything is written. Makes one where nothing was sealed yet. Throws
 * `secret_unreadable` for a wrong or missing key, and `master_key_refused` for one that is not kept safely.
 */
export async function openMasterKey(dependencies: MasterKeyDependencies): Promise<OpenedMasterKey> {
  const { database, secretsFolder, given, clock, log } = dependencies;
  const files = createMasterKeyFiles(secretsFolder);
  const canary = await readCanary(database.query);
  const found = settleFiles(canary, findMasterKey(given, files), files);
  if (canary === undefined) return { ...(await begin(found, files, dependencies)), files };
  if (found !== undefined && isKeyOf(canary, found.master)) return { ...found, files };
  const previous = findPreviousKey(given);
  if (found === undefined || !isKeyOf(canary, previous)) return refuse(canary, found, files);
  await rewrap(database, previous, found.master, clock.now());
  log.info({ masterKey: found.master.id, before: previous.id, source: found.source }, 'All keys are wrapped with another master key');
  return { ...found, files };
}
