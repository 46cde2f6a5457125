import { catalogVersionShape } from '@cluster-ai/contracts';
import { z } from 'zod';
import { text } from '../../output/language.ts';
import { defineVerb, flag } from '../../verb.ts';
import { modelReference, splitVersion } from './model-positionals.ts';
import { printVersion } from './print-version.ts';
import { readPairs } from './read-pairs.ts';

export const modelsTag = defineVerb({
  path: 'models tag',
  summary: text('Set or remove tags of a version', 'Define ou remove etiquetas de uma versão'),
  examples: ['cluster-ai models tag resnet50:1.2.0 stage=test owner=ana', 'cluster-ai models tag resnet50 --remove owner'],
  positionals: [modelReference, { name: '[tags...]', description: text('key=value', 'chave=valor') }],
  flags: { remove: flag('--remove <key...>', z.array(z.string()).default([]), text('Tags to remove', 'Etiquetas a remover')) },
  output: catalogVersionShape,
  async run(context, [reference = '', ...pairs], { remove }) {
    const client = context.connect();
    const { name, version } = splitVersion(reference);
    const found = await client.getVersion(name, version, { signal: context.signal });
    const tags = Object.fromEntries(
      Object.entries({ ...found.tags, ...readPairs(pairs, (value) => value) }).filter(([key]) => !remove.includes(key)),
    );
    return client.setTags(name, found.version, tags, { signal: context.signal });
  },
  print: printVersion,
});
