import { modelListShape } from '@cluster-ai/contracts';
import { formatAge, formatBytes, printTable } from '../../output/format.ts';
import { text } from '../../output/language.ts';
import { explainCondition, showCondition } from '../../output/show-condition.ts';
import { defineVerb } from '../../verb.ts';

const headings = [
  text('MODEL', 'MODELO'),
  text('STATE', 'ESTADO'),
  text('PARAMETERS', 'PARÂMETROS'),
  text('QUANTIZATION', 'QUANTIZAÇÃO'),
  text('SIZE', 'TAMANHO'),
  text('NODES', 'NÓS'),
  text('CHANGED', 'MUDOU'),
];

export const modelsLs = defineVerb({
  path: 'models ls',
  summary: text('List the models', 'Lista os modelos'),
  examples: ['cluster-ai models ls', "cluster-ai models ls --json | jq -r '.models[].name'"],
  output: modelListShape,
  run: (context) => context.connect().listModels({ signal: context.signal }),
  print({ terminal }, { models, status }) {
    const rows = models.map(({ name, condition, latest, replicas, updatedAt }) => [
      name,
      showCondition(terminal, condition),
      latest.facts.parameterSize ?? '-',
      latest.facts.quantization ?? '-',
      formatBytes(latest.sizeBytes),
      replicas.map(({ node }) => node).join(', ') || '-',
      formatAge(Date.parse(updatedAt), Date.now()),
    ]);
    printTable(terminal, headings.map(terminal.say), rows);
    if (status.state !== 'ready') terminal.progress(explainCondition(terminal, status));
  },
});
