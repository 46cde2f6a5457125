import { ClusterError, phrase } from '@cluster-ai/contracts';
import { trimCharacters } from '@cluster-ai/runtime';
import type { Query } from '../../stores/database.ts';

/*
 * What a model is called in doors whose names follow other rules. Each is given once and kept, so that an address that works goes on working;
 * where two models would get the same, the later one gets a number.
 */

/** Lower case, parts of letters and digits with single separators between. */
function toOciName(name: string): string {
  const part = (text: string) =>
    trimCharacters(
      text.replace(/[._-]+/g, (run) => (/^(\.|_{1,2}|-+)$/.test(run) ? run : '-')),
      '._-',
    );
  return name
    .toLowerCase()
    .split('/')
    .map((text) => part(text) || 'model')
    .join('/');
}

const doors: Readonly<Record<string, (name: string) => string>> = {
  native: (name) => name.toLowerCase(),
  oci: toOciName,
  mlflow: (name) => name.toLowerCase().replaceAll('/', '.'), // has no slashes
};

async function isTaken(transaction: Query, door: string, name: string): Promise<boolean> {
  const found = await transaction
    .selectFrom('door_names')
    .select('model_id')
    .where('door', '=', door)
    .where('name', '=', name)
    .executeTakeFirst();
  return found !== undefined;
}

async function findFree(transaction: Query, door: string, wanted: string): Promise<string> {
  for (let count = 1; ; count++) {
    const name = count === 1 ? wanted : `${wanted}-${count}`;
    if (!(await isTaken(transaction, door, name))) return name;
  }
}

/** Gives a new or renamed model its names. Throws `already_exists` where another model has its own name, whatever the case. */
export async function writeDoorNames(transaction: Query, modelId: string, name: string): Promise<void> {
  await transaction.deleteFrom('door_names').where('model_id', '=', modelId).execute();
  if (await isTaken(transaction, 'native', name.toLowerCase()))
    throw new ClusterError('already_exists', phrase('name_is_taken', { name }), { hint: phrase('choose_other_name'), param: 'name' });
  for (const [door, toName] of Object.entries(doors))
    await transaction
      .insertInto('door_names')
      .values({ door, name: await findFree(transaction, door, toName(name)), model_id: modelId })
      .execute();
}
