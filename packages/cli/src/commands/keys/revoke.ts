import { apiKeyShape } from '@cluster-ai/contracts';
import { fill, text } from '../../output/language.ts';
import { defineVerb } from '../../verb.ts';

const texts = { revoked: text('The key "{name}" ({id}) is refused from now on.', 'A chave "{name}" ({id}) passa a ser recusada.') };

export const keysRevoke = defineVerb({
  path: 'keys revoke',
  summary: text('End a key at once', 'Encerra uma chave na hora'),
  examples: ['cluster-ai keys revoke k3y1d2ab'],
  positionals: [
    {
      name: '<id>',
      description: text('The id, as keys ls shows it', 'O id, como keys ls mostra'),
      complete: async (context) => (await context.connect().listKeys({ signal: context.signal })).map(({ id }) => id),
    },
  ],
  output: apiKeyShape,
  run: (context, [id = '']) => context.connect().revokeKey(id, { signal: context.signal }),
  print: ({ terminal }, { name, id }) => terminal.progress(fill(terminal.say(texts.revoked), { name, id })),
});
