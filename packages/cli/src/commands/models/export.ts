import { join, resolve } from 'node:path';
import { z } from 'zod';
import { text } from '../../output/language.ts';
import { defineVerb } from '../../verb.ts';
import { fetchFile } from './fetch-file.ts';
import { modelReference, splitVersion } from './model-positionals.ts';

export const modelsExport = defineVerb({
  path: 'models export',
  summary: text('Write the files of a version into a folder of this machine', 'Grava os arquivos de uma versão numa pasta desta máquina'),
  examples: ['cluster-ai models export resnet50 ./resnet50', 'cluster-ai models export resnet50:1.2.0 /tmp/model --json'],
  positionals: [modelReference, { name: '<folder>', description: text('Made where it is missing', 'É criada, se faltar') }],
  output: z.object({ name: z.string(), version: z.int(), files: z.array(z.string()) }),
  async run(context, [reference = '', folder = '']) {
    const client = context.connect();
    const { name, version: wanted } = splitVersion(reference);
    const { version, files } = await client.getVersion(name, wanted, { signal: context.signal });
    const written: string[] = [];
    for (const file of files) {
      const target = join(resolve(folder), ...file.path.split('/').filter((part) => part !== '' && part !== '.' && part !== '..')); // whatever the other side says
      await fetchFile(context, client, { name, version, file }, target);
      written.push(target);
    }
    return { name, version, files: written };
  },
  print({ terminal }, { files }) {
    for (const file of files) terminal.data(file);
  },
});
