import { versionDiffShape } from '@cluster-ai/contracts';
import { formatBytes } from '../../output/format.ts';
import { text } from '../../output/language.ts';
import { defineVerb } from '../../verb.ts';
import { modelName } from './model-positionals.ts';

const nothing = text('Nothing changed.', 'Nada mudou.');

export const modelsDiff = defineVerb({
  path: 'models diff',
  summary: text('Show what changed from one version of a model to another', 'Mostra o que mudou de uma versão de um modelo para outra'),
  examples: ['cluster-ai models diff resnet50 1.1.0 1.2.0', 'cluster-ai models diff resnet50 production'],
  positionals: [
    modelName,
    { name: '<from>', description: text('A version or alias', 'Uma versão ou alias') },
    { name: '[to]', description: text('The other one; latest where it is left out', 'A outra; latest, se não for dita') },
  ],
  output: versionDiffShape,
  run: (context, [name = '', from = '', to]) => context.connect().diffVersions(name, from, to, { signal: context.signal }),
  print({ terminal }, { files, metadata }) {
    const lines = [
      ...files.added.map(({ path, sizeBytes }) => terminal.style('green', `+ ${path}  ${formatBytes(sizeBytes)}`)),
      ...files.removed.map(({ path, sizeBytes }) => terminal.style('red', `- ${path}  ${formatBytes(sizeBytes)}`)),
      ...files.changed.map(({ path, before, after }) =>
        terminal.style('yellow', `~ ${path}  ${formatBytes(before.sizeBytes)} → ${formatBytes(after.sizeBytes)}`),
      ),
      ...metadata.map(({ path, before, after }) => `  ${path}: ${JSON.stringify(before)} → ${JSON.stringify(after)}`),
    ];
    for (const line of lines) terminal.data(line);
    if (lines.length === 0) terminal.data(terminal.say(nothing));
  },
});
