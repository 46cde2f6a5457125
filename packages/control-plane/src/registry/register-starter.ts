import { access, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { inspectionShape, phrase } from '@cluster-ai/contracts';
import type { Clock, Logger } from '@cluster-ai/runtime';
import { z } from 'zod';
import type { Database } from '../stores/database.ts';
import type { Registry } from './registry.ts';

const inspectedShape = z.object({ digest: z.string(), inspection: inspectionShape });

const STARTER_NAME = 'starter';
const STARTER_FILE = 'cluster-ai-starter.gguf';
const INSPECTION_FILE = 'inspection.json';
const SETTING = 'registry.starter';

export interface StarterDependencies {
  readonly registry: Pick<Registry, 'add' | 'find'>;
  readonly database: Database;
  /** Where the bundled model lies. */
  readonly folder: string;
  readonly clock: Pick<Clock, 'now'>;
  readonly log: Logger;
}

const exists = (path: string) =>
  access(path).then(
    () => true,
    () => false,
  );

/** Looking into a file takes a process of its own: what is found in this one is known beforehand. */
const readInspection = async (folder: string) => inspectedShape.parse(JSON.parse(await readFile(join(folder, INSPECTION_FILE), 'utf8')));

async function wasRegistered(database: Database): Promise<boolean> {
  return (await database.query.selectFrom('settings').select('key').where('key', '=', SETTING).executeTakeFirst()) !== undefined;
}

async function remember(database: Database, now: number): Promise<void> {
  const row = { key: SETTING, value_json: JSON.stringify({ registered: true }), updated_at: now, revision: 1 };
  await database.transaction((transaction) =>
    transaction
      .insertInto('settings')
      .values(row)
      .onConflict((conflict) => conflict.column('key').doNothing())
      .execute(),
  );
}

/**
 * Registers the bundled model on the first start, so that a machine without a network has something to run. Only once: who removes it
 * does not get it back. A missing file is a warning, not an error.
 */
export async function registerStarter({ registry, database, folder, clock, log }: StarterDependencies, signal: AbortSignal): Promise<void> {
  if (await wasRegistered(database)) return;
  const path = join(folder, STARTER_FILE);
  if (!(await exists(path))) {
    log.warn({ path }, 'The bundled starter model is missing from this installation, so no model is there yet');
    return;
  }
  if ((await registry.find(STARTER_NAME)) === undefined) {
    await registry.add(
      {
        name: STARTER_NAME,
        path,
        description: 'Very small chat model (English and Portuguese) that shows that the cluster works.',
        inPlace: false,
        source: 'bundled',
        inspected: await readInspection(folder),
        notices: [phrase('model_is_a_demonstration')],
      },
      signal,
    );
    log.info({ model: STARTER_NAME }, 'The bundled starter model was registered');
  }
  await remember(database, clock.now());
}
