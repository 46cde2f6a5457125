import { versionPageShape } from '@cluster-ai/contracts';
import { z } from 'zod';
import { formatAge, formatBytes, printTable } from '../../output/format.ts';
import { text } from '../../output/language.ts';
import { defineVerb, flag } from '../../verb.ts';
import { modelName } from './model-positionals.ts';

const headings = [
  text('VERSION', 'VERSÃO'),
  text('SEMVER', 'SEMVER'),
  text('ALIASES', 'ALIASES'),
  text('FRAMEWORK', 'FRAMEWORK'),
  text('SIZE', 'TAMANHO'),
  text('FILES', 'ARQUIVOS'),
  text('MADE', 'CRIADA'),
];

export const modelsVersions = defineVerb({
  path: 'models versions',
  summary: text('List the versions of a model, newest first', 'Lista as versões de um modelo, da mais nova à mais antiga'),
  examples: ['cluster-ai models versions starter', 'cluster-ai models versions lab/qwen3 --limit 200 --json'],
  positionals: [modelName],
  flags: {
    limit: flag('--limit <number>', z.coerce.number().int().min(1).max(200).default(50), text('How many', 'Quantas')),
    cursor: flag('--cursor <text>', z.string().optional(), text('`next` of the page before', '`next` da página anterior')),
  },
  output: versionPageShape,
  run: (context, [name = ''], { limit, cursor }) =>
    context.connect().listVersions(name, { limit, ...(cursor === undefined ? {} : { cursor }) }, { signal: context.signal }),
  print({ terminal }, { versions, next }) {
    const rows = versions.map(({ version, semver, aliases, framework, sizeBytes, files, createdAt }) => [
      String(version),
      semver ?? '-',
      aliases.join(', ') || '-',
      framework,
      formatBytes(sizeBytes),
      String(files.length),
      formatAge(Date.parse(createdAt), Date.now()),
    ]);
    printTable(terminal, headings.map(terminal.say), rows);
    if (next !== null) terminal.progress(`--cursor ${next}`);
  },
});
