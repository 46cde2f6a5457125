import { z } from 'zod';
import { text } from '../../output/language.ts';
import { defineVerb } from '../../verb.ts';
import { verifyFile } from './fetch-file.ts';
import { modelReference, splitVersion } from './model-positionals.ts';

const right = text('as published', 'como foi publicado');

export const modelsVerify = defineVerb({
  path: 'models verify',
  summary: text(
    'Read all bytes of a version and compare them with their digests',
    'Lê todos os bytes de uma versão e os compara com seus resumos',
  ),
  examples: ['cluster-ai models verify resnet50', 'cluster-ai models verify resnet50:1.2.0 --json'],
  positionals: [modelReference],
  output: z.object({ name: z.string(), version: z.int(), files: z.array(z.object({ path: z.string(), digest: z.string() })) }),
  async run(context, [reference = '']) {
    const client = context.connect();
    const { name, version: wanted } = splitVersion(reference);
    const { version, files } = await client.getVersion(name, wanted, { signal: context.signal });
    for (const file of files) await verifyFile(context, client, { name, version, file });
    return { name, version, files: files.map(({ path, digest }) => ({ path, digest })) };
  },
  print({ terminal }, { files }) {
    for (const { path } of files) terminal.data(`${path}  ${terminal.style('green', terminal.say(right))}`);
  },
});
