import { catalogDetailsShape } from '@cluster-ai/contracts';
import { fill, text } from '../../output/language.ts';
import { defineVerb } from '../../verb.ts';
import { modelReference, splitVersion } from './model-positionals.ts';

const copied = text('"{name}" has {count} versions; no bytes were copied.', '"{name}" tem {count} versões; nenhum byte foi copiado.');

export const modelsCp = defineVerb({
  path: 'models cp',
  summary: text('Give a model, or one version of it, another name as well', 'Dá mais um nome a um modelo, ou a uma versão dele'),
  examples: ['cluster-ai models cp resnet50 lab/resnet50', 'cluster-ai models cp resnet50:1.2.0 shop/pictures'],
  positionals: [modelReference, { name: '<to>', description: text('The other name', 'O outro nome') }],
  output: catalogDetailsShape,
  run(context, [reference = '', to = '']) {
    const { name, version } = splitVersion(reference);
    return context.connect().copyModel(name, to, reference.includes(':') ? version : undefined, { signal: context.signal });
  },
  print: ({ terminal }, { name, versionCount }) => terminal.data(fill(terminal.say(copied), { name, count: versionCount })),
});
