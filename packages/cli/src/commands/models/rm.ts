import { z } from 'zod';
import { confirm } from '../../output/confirm.ts';
import { fill, text } from '../../output/language.ts';
import { defineVerb } from '../../verb.ts';
import { completeModel } from './complete-model.ts';

const texts = {
  question: text('Remove the model "{name}" with all its versions?', 'Remover o modelo "{name}" com todas as versões?'),
  removed: text('Removed "{name}".', '"{name}" foi removido.'),
};

export const modelsRm = defineVerb({
  path: 'models rm',
  summary: text('Remove a model with all its versions', 'Remove um modelo com todas as versões'),
  examples: ['cluster-ai models rm tiny', 'cluster-ai models rm tiny --yes'],
  positionals: [{ name: '<model>', description: text('Its name', 'O nome'), complete: completeModel }],
  output: z.object({ name: z.string(), removed: z.literal(true) }),
  async run(context, [name = '']) {
    const client = context.connect();
    await client.getModel(name, { signal: context.signal }); // an unknown name is said before anybody is asked
    await confirm(context, texts.question, { name });
    await client.removeModel(name, { signal: context.signal });
    return { name, removed: true as const };
  },
  print: ({ terminal }, { name }) => terminal.data(fill(terminal.say(texts.removed), { name })),
});
