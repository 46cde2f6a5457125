import { configShape } from '@cluster-ai/contracts';
import { stringify } from 'yaml';
import { z } from 'zod';
import { fill, text } from '../../output/language.ts';
import { defineVerb } from '../../verb.ts';
import { readConfig } from './read-config.ts';

const texts = {
  file: text('# {path}, with every default', '# {path}, com todos os padrões'),
  none: text('# {path} does not exist: everything is as it comes', '# {path} não existe: tudo está como vem'),
};

export const configShow = defineVerb({
  path: 'config show',
  summary: text('Show the configuration with every default', 'Mostra a configuração com todos os padrões'),
  examples: ['cluster-ai config show', 'cluster-ai config show > cluster.yaml'],
  output: z.object({ path: z.string(), exists: z.boolean(), config: configShape }),
  run: ({ folder }) => readConfig(folder.config),
  print({ terminal }, { path, exists, config }) {
    terminal.data(fill(terminal.say(exists ? texts.file : texts.none), { path }));
    terminal.data(stringify(config).trimEnd());
  },
});
