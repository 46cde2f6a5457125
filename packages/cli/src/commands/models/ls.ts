import { type CatalogPage, catalogPageShape, catalogSearchShape, modelListShape } from '@cluster-ai/contracts';
import { z } from 'zod';
import { formatAge, formatBytes, printTable } from '../../output/format.ts';
import { text } from '../../output/language.ts';
import { explainCondition, showCondition } from '../../output/show-condition.ts';
import { type Context, defineVerb, flag } from '../../verb.ts';
import { verdicts } from './print-version.ts';

const headings = [
  text('MODEL', 'MODELO'),
  text('STATE', 'ESTADO'),
  text('PARAMETERS', 'PARÂMETROS'),
  text('QUANTIZATION', 'QUANTIZAÇÃO'),
  text('SIZE', 'TAMANHO'),
  text('NODES', 'NÓS'),
  text('CHANGED', 'MUDOU'),
];

const foundHeadings = [
  text('MODEL', 'MODELO'),
  text('FRAMEWORK', 'FRAMEWORK'),
  text('TASK', 'TAREFA'),
  text('PARAMETERS', 'PARÂMETROS'),
  text('SIZE', 'TAMANHO'),
  text('FOUND', 'EXAME'),
  text('CHANGED', 'MUDOU'),
];

function printPage({ terminal }: Context, { models, next }: CatalogPage): void {
  const rows = models.map(({ name, framework, task, parameterCount, sizeBytes, latest, updatedAt }) => [
    name,
    framework,
    task || '-',
    parameterCount === null ? '-' : String(parameterCount),
    formatBytes(sizeBytes),
    latest.verdict === null ? '-' : terminal.say(verdicts[latest.verdict]),
    formatAge(Date.parse(updatedAt), Date.now()),
  ]);
  printTable(terminal, foundHeadings.map(terminal.say), rows);
  if (next !== null) terminal.progress(`--cursor ${next}`);
}

const { framework, task, licence, language, size, namespace, sort, order, limit, cursor } = catalogSearchShape.shape;

export const modelsLs = defineVerb({
  path: 'models ls',
  summary: text('List the models, or search them', 'Lista os modelos, ou procura neles'),
  examples: [
    'cluster-ai models ls',
    "cluster-ai models ls --json | jq -r '.models[].name'",
    'cluster-ai models ls --search qwen --framework gguf --sort size',
  ],
  flags: {
    search: flag(
      '--search <words>',
      z.string().max(200).optional(),
      text('Words of name, description or tags', 'Palavras do nome, da descrição ou das etiquetas'),
    ),
    framework: flag(
      '--framework <name>',
      framework,
      text('pytorch, tensorflow, onnx, gguf, safetensors or other', 'pytorch, tensorflow, onnx, gguf, safetensors ou other'),
    ),
    task: flag('--task <name>', task, text('What it is for, such as text-generation', 'Para que serve, como text-generation')),
    licence: flag('--licence <name>', licence, text('Its licence', 'A licença')),
    language: flag('--language <code>', language, text('A language that it knows', 'Um idioma que ele conhece')),
    size: flag(
      '--size <class>',
      size,
      text('under-100mb, 100mb-1gb, 1gb-10gb, 10gb-100gb or over-100gb', 'under-100mb, 100mb-1gb, 1gb-10gb, 10gb-100gb ou over-100gb'),
    ),
    namespace: flag(
      '--namespace <name>',
      namespace,
      text('What stands before the last slash of the name', 'O que vem antes da última barra do nome'),
    ),
    tag: flag(
      '--tag <words>',
      z.string().max(200).optional(),
      text('Words of its tags; searched with the others', 'Palavras das etiquetas; procuradas com as outras'),
    ),
    sort: flag('--sort <order>', sort.unwrap().optional(), text('updated, name or size', 'updated, name ou size')),
    order: flag('--order <way>', order, text('asc or desc', 'asc ou desc')),
    limit: flag('--limit <number>', limit.unwrap().optional(), text('How many, 200 at most', 'Quantos, no máximo 200')),
    cursor: flag('--cursor <text>', cursor, text('`next` of the page before', '`next` da página anterior')),
  },
  output: z.union([modelListShape, catalogPageShape]),
  run(context, _positionals, { search, tag, ...facets }) {
    const client = context.connect();
    const options = { signal: context.signal };
    const words = [search, tag].filter((each) => each !== undefined).join(' ');
    const wanted = Object.fromEntries(
      Object.entries({ ...facets, ...(words === '' ? {} : { search: words }) }).filter(([, value]) => value !== undefined),
    );
    return Object.keys(wanted).length === 0 ? client.listModels(options) : client.searchModels(wanted, options);
  },
  print(context, found) {
    if (!('status' in found)) return printPage(context, found);
    const { terminal } = context;
    const { models, status } = found;
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
