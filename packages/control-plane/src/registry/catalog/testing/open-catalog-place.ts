import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { defaultConfig, type Inspection, type Permission, permissions, type Verdict } from '@cluster-ai/contracts';
import { createManualClock, silentLogger } from '@cluster-ai/runtime';
import { createEventBus } from '../../../observability/event-bus.ts';
import { openDatabase } from '../../../stores/open-database.ts';
import { inStore, toBlobRow, writeBlob } from '../../record-blob.ts';
import type { CatalogActor, PublishVersion } from '../catalog.ts';
import { openCatalog } from '../open-catalog.ts';
import { getModelRow } from '../read-versions.ts';
import { deleteModel } from '../remove-versions.ts';

const anyone: CatalogActor = { name: 'ana', permissions: new Set<Permission>(['models:write']) };
const keeper: CatalogActor = { name: 'kim', permissions: new Set<Permission>(permissions) };
export const actors = { anyone, keeper };

export const digestOf = (seed: number | string): string =>
  `sha256:${Buffer.from(String(seed)).toString('hex').padStart(64, '0').slice(-64)}`;

export const foundTo = (verdict: Verdict): Inspection => ({
  format: 'safetensors',
  framework: 'safetensors',
  parameterCount: 7,
  metadata: {},
  verdict,
  reasons: verdict === 'safe' ? [] : [{ code: 'custom_operators', detail: 'x' }],
});

/** A catalog over an empty database, with blobs that exist as rows alone. */
export async function openCatalogPlace(url = '') {
  const root = url === '' ? await mkdtemp(join(tmpdir(), 'cluster-ai-catalog-')) : '';
  const database = await openDatabase({ url, folder: { database: join(root, 'cluster.db') }, log: silentLogger });
  const clock = createManualClock();
  const events = createEventBus({ firstId: 1 });
  const deployed = new Set<string>();
  const open = () =>
    openCatalog({
      database,
      events,
      clock,
      policy: defaultConfig().registry.policy,
      findDeployed: (digests) => (digests.some((digest) => deployed.has(digest)) ? 'something' : undefined),
      forget: () => {},
    });
  const catalog = await open();

  /** Each seed is a file of its own. */
  const toFiles = (...seeds: readonly (number | string)[]): PublishVersion['files'] =>
    seeds.map((seed) => ({ path: `${seed}.bin`, digest: digestOf(seed), sizeBytes: 10, mediaType: 'application/octet-stream' }));

  const record = (files: PublishVersion['files']) =>
    database.transaction(async (transaction) => {
      for (const { digest, sizeBytes } of files) await writeBlob(transaction, toBlobRow(digest, sizeBytes, inStore, 0));
    });

  /** Publishes one file, or these. The clock moves on, so that each change has a time of its own. */
  async function publish(
    name: string,
    seed: number | string | PublishVersion['files'],
    more: Partial<PublishVersion> = {},
    actor = anyone,
  ) {
    const files = typeof seed === 'object' ? seed : toFiles(seed);
    await record(files);
    await clock.advance(1000);
    return catalog.publish({ name, files, source: 'test', ...more }, actor);
  }

  /** Bytes that nothing refers to any more. */
  const unlinked = async () => {
    const rows = await database.query
      .selectFrom('blobs')
      .select('digest')
      .where('unreferenced_at', 'is not', null)
      .orderBy('digest')
      .execute();
    return rows.map(({ digest }) => digest);
  };
  const removeModel = (name: string) =>
    database.transaction(async (transaction) => deleteModel(transaction, await getModelRow(transaction, name), clock.now()));

  return {
    catalog,
    database,
    removeModel,
    unlinked,
    events,
    clock,
    deployed,
    toFiles,
    record,
    publish,
    reopen: open,
    async [Symbol.asyncDispose]() {
      await database[Symbol.asyncDispose]();
      if (root !== '') await rm(root, { recursive: true, force: true });
    },
  };
}
export type CatalogPlace = Awaited<ReturnType<typeof openCatalogPlace>>;
