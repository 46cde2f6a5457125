import { locateDataFolder, silentLogger, systemClock } from '@cluster-ai/runtime';
import { openDatabase } from '../../../stores/open-database.ts';
import { noGivenKeys } from '../master-key.ts';
import { openSecrets } from '../secrets.ts';

// Replaces all data keys (with `begin`), or goes on with that, and prints how far it has come. Somebody kills it.

const [root = '', what] = process.argv.slice(2);
const folder = locateDataFolder(root, {});
const database = await openDatabase({ url: '', folder, log: silentLogger });
const secrets = await openSecrets({
  database,
  secretsFolder: folder.secrets,
  given: noGivenKeys,
  clock: systemClock,
  log: silentLogger,
  settleMs: 0,
});
if (what === 'master') {
  process.stdout.write('replacing\n');
  for (;;) {
    await secrets.rotateMasterKey();
    process.stdout.write('replaced\n');
  }
}
if (what === 'begin') await secrets.rotateDataKeys();
const stop = new AbortController();
const running = secrets.run(stop.signal);
for (;;) {
  const { rotations } = await secrets.describe();
  process.stdout.write(`${rotations[0]?.done ?? 'finished'}\n`);
  if (rotations.length === 0) break;
}
stop.abort();
await running;
await database[Symbol.asyncDispose]();
