import { type Clock, silentLogger, systemClock } from '@cluster-ai/runtime';
import type { Database } from '../../../stores/database.ts';
import { type GivenKeys, newMasterKey, noGivenKeys } from '../master-key.ts';
import { openSecrets, type Secrets } from '../secrets.ts';

export const newTestKey = () => newMasterKey().key.export().toString('base64');

/** Of every test of one file, so that one database can be opened twice. No file holds it. */
export const testKey = newTestKey();

/** The real store of secrets on this database, with a master key that goes away with the process. */
export const openTestSecrets = (
  database: Database,
  clock: Clock = systemClock,
  given: Partial<GivenKeys> = { key: testKey },
): Promise<Secrets> =>
  openSecrets({ database, secretsFolder: '', given: { ...noGivenKeys, ...given }, clock, log: silentLogger, settleMs: 0 });

/** Works until nothing is being replaced any more. */
export async function finishRotations(secrets: Secrets): Promise<void> {
  const stop = new AbortController();
  const running = secrets.run(stop.signal);
  const deadline = performance.now() + 20_000;
  while ((await secrets.describe()).rotations.length > 0) {
    if (performance.now() > deadline) throw new Error('A replacement of keys does not end.');
    await new Promise((resolve) => setImmediate(resolve));
  }
  stop.abort();
  await running;
}
