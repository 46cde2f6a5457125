import { silentLogger } from '@cluster-ai/runtime';
import { openDatabase } from '../open-database.ts';

// Writes rows for ever and prints the key of each one after its transaction has resolved. Somebody kills it.

const database = await openDatabase({ url: '', folder: { database: process.argv[2] ?? '' }, log: silentLogger });
for (let i = 0; ; i++) {
  await database.transaction((transaction) =>
    transaction
      .insertInto('settings')
      .values({ key: `key-${i}`, value_json: 'x'.repeat(i % 5000), updated_at: 1, revision: 1 })
      .execute(),
  );
  process.stdout.write(`${i}\n`);
}
