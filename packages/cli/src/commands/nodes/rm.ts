import { z } from 'zod';
import { confirm } from '../../output/confirm.ts';
import { fill, text } from '../../output/language.ts';
import { defineVerb } from '../../verb.ts';
import { completeNode, findNode } from './find-node.ts';

const texts = {
  question: text(
    'Remove "{name}" from the cluster? Its certificate is refused from then on.',
    'Remover "{name}" do cluster? O certificado dela passa a ser recusado.',
  ),
  removed: text('Removed "{name}" ({id}).', '"{name}" ({id}) foi removida.'),
};

export const nodesRm = defineVerb({
  path: 'nodes rm',
  summary: text('Remove a machine from the cluster', 'Remove uma máquina do cluster'),
  examples: ['cluster-ai nodes rm laptop', 'cluster-ai nodes rm laptop --yes --json'],
  positionals: [{ name: '<node>', description: text('Its name or id', 'O nome ou id'), complete: completeNode }],
  output: z.object({ id: z.string(), name: z.string(), removed: z.literal(true) }),
  async run(context, [wanted = '']) {
    const client = context.connect();
    const { id, name } = await findNode(client, wanted, context.signal);
    await confirm(context, texts.question, { name });
    await client.removeNode(id, { signal: context.signal });
    return { id, name, removed: true as const };
  },
  print: ({ terminal }, value) => terminal.data(fill(terminal.say(texts.removed), { id: value.id, name: value.name })),
});
