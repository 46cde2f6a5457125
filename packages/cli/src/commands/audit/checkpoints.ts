import { auditCheckpointShape } from '@cluster-ai/contracts';
import { text } from '../../output/language.ts';
import { defineVerb } from '../../verb.ts';

const texts = {
  key: text('They are checked with this key:', 'São conferidos com esta chave:'),
};

export const auditCheckpoints = defineVerb({
  path: 'audit checkpoints',
  summary: text(
    'Write the newest signed checkpoints out, to be kept elsewhere',
    'Exporta os pontos de controle assinados mais novos, para guardar em outro lugar',
  ),
  examples: ['cluster-ai audit checkpoints > checkpoints.jsonl', 'cluster-ai audit verify --checkpoints checkpoints.jsonl'],
  output: auditCheckpointShape,
  outputStyle: 'lines',
  async run(context) {
    const { publicKey, checkpoints } = await context.connect().listAuditCheckpoints({ signal: context.signal });
    for (const checkpoint of checkpoints) context.terminal.data(JSON.stringify(checkpoint));
    context.terminal.progress(`${context.terminal.say(texts.key)}\n${publicKey.trimEnd()}`);
    return undefined;
  },
  print: () => {},
});
