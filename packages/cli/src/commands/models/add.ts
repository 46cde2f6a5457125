import { resolve } from 'node:path';
import { modelDetailsShape } from '@cluster-ai/contracts';
import { z } from 'zod';
import { fill, text } from '../../output/language.ts';
import { defineVerb, flag } from '../../verb.ts';
import { printModel } from './print-model.ts';

const taking = text('Checking and taking in {path} …', 'Verificando e guardando {path} …');

export const modelsAdd = defineVerb({
  path: 'models add',
  summary: text(
    'Take in a model from a file on the cluster’s own machine',
    'Guarda um modelo a partir de um arquivo da máquina do cluster',
  ),
  examples: ['cluster-ai models add tiny --file ./tiny.gguf', 'cluster-ai models add lab/qwen3 --file /models/qwen3.gguf --in-place'],
  positionals: [{ name: '<name>', description: text('The name that it gets', 'O nome que recebe') }],
  flags: {
    file: flag('--file <path>', z.string({ error: 'the path of a GGUF file is missing' }).min(1), text('The GGUF file', 'O arquivo GGUF')),
    inPlace: flag(
      '--in-place',
      z.boolean().default(false),
      text('Use the file where it lies; nothing is copied', 'Usa o arquivo onde está; nada é copiado'),
    ),
    description: flag('--description <text>', z.string().max(2000).default(''), text('A sentence about it', 'Uma frase sobre ele')),
  },
  output: modelDetailsShape,
  async run(context, [name = ''], { file, inPlace, description }) {
    const path = resolve(file);
    context.terminal.progress(fill(context.terminal.say(taking), { path }));
    const client = context.connect();
    await client.addModel({ name, path, inPlace, description }, { signal: context.signal });
    return client.getModel(name, { signal: context.signal });
  },
  print: printModel,
});
