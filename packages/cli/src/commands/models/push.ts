import { operationShape } from '@cluster-ai/contracts';
import { z } from 'zod';
import { fill, text } from '../../output/language.ts';
import { defineVerb, flag } from '../../verb.ts';
import { followOperation } from '../operations/follow-operation.ts';
import { completeModel } from './complete-model.ts';

const pushed = text('{model} is at {reference}.', '{model} está em {reference}.');

export const modelsPush = defineVerb({
  path: 'models push',
  summary: text(
    'Send a model to another registry that speaks Ollama’s protocol',
    'Envia um modelo a outro registro que fala o protocolo do Ollama',
  ),
  examples: ['cluster-ai models push lab/tiny registry.lan/lab/tiny:1', 'cluster-ai models push lab/tiny registry.lan/lab/tiny:1 --json'],
  positionals: [
    { name: '<model>', description: text('Which model', 'Qual modelo'), complete: completeModel },
    { name: '<reference>', description: text('Where to: [host/]namespace/name[:tag]', 'Para onde: [host/]espaço/nome[:tag]') },
  ],
  flags: { detach: flag('--detach', z.boolean().default(false), text('Do not wait for its end', 'Não espera o fim')) },
  output: operationShape,
  async run(context, [model = '', reference = ''], { detach }) {
    const begun = await context.connect().pushModel({ model, reference }, { signal: context.signal });
    return detach ? begun : followOperation(context, begun);
  },
  print({ terminal }, { state, model, reference, id }) {
    terminal.data(state === 'done' ? fill(terminal.say(pushed), { model, reference }) : id);
  },
});
