import { personExportShape } from '@cluster-ai/contracts';
import { text } from '../../output/language.ts';
import { defineVerb } from '../../verb.ts';
import { person } from './print-people.ts';

export const usersExport = defineVerb({
  path: 'users export',
  summary: text(
    'Write out everything that is stored about somebody, as JSON',
    'Exporta tudo o que está guardado sobre uma pessoa, em JSON',
  ),
  examples: ['cluster-ai users export bia > bia.json', "cluster-ai users export bia | jq '.chats | length'"],
  positionals: [person],
  output: personExportShape,
  async run(context, [wanted = '']) {
    const client = context.connect();
    const { id } = await client.getPerson(wanted, { signal: context.signal });
    return client.exportPerson(id, { signal: context.signal });
  },
  print: ({ terminal }, value) => terminal.data(JSON.stringify(value, null, 2)),
});
