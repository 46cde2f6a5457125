import { readdir, stat } from 'node:fs/promises';
import { basename, join, resolve, sep } from 'node:path';
import { catalogVersionShape, frameworkShape } from '@cluster-ai/contracts';
import { z } from 'zod';
import { text } from '../../output/language.ts';
import { defineVerb, flag } from '../../verb.ts';
import { printVersion } from './print-version.ts';
import { readPairs } from './read-pairs.ts';
import { uploadFile } from './upload-file.ts';

/** The files of a folder by their paths in it; a file alone by its name. */
async function listFiles(path: string): Promise<readonly { readonly file: string; readonly path: string }[]> {
  if (!(await stat(path)).isDirectory()) return [{ file: path, path: basename(path) }];
  const entries = await readdir(path, { recursive: true, withFileTypes: true });
  return entries
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name))
    .map((file) => ({
      file,
      path: file
        .slice(path.length + 1)
        .split(sep)
        .join('/'),
    }));
}

export const modelsRegister = defineVerb({
  path: 'models register',
  summary: text('Upload files of this machine as a version of a model', 'Envia arquivos desta máquina como uma versão de um modelo'),
  examples: [
    'cluster-ai models register resnet50 --file ./model.pth --framework pytorch --semver 1.0.0',
    'cluster-ai models register lab/bert --file ./bert/ --metric accuracy=0.91 --alias staging',
  ],
  positionals: [{ name: '<name>', description: text('The name that it gets', 'O nome que recebe') }],
  flags: {
    file: flag(
      '--file <path>',
      z.string({ error: 'the path of a file or folder is missing' }).min(1),
      text('A file, or a folder with all its files', 'Um arquivo, ou uma pasta com todos os seus arquivos'),
    ),
    framework: flag(
      '--framework <name>',
      frameworkShape.optional(),
      text('pytorch, tensorflow, onnx, gguf, safetensors or other', 'pytorch, tensorflow, onnx, gguf, safetensors ou other'),
    ),
    semver: flag('--semver <version>', z.string().optional(), text('A semantic version', 'Uma versão semântica')),
    description: flag('--description <text>', z.string().max(10_000).optional(), text('A sentence about it', 'Uma frase sobre ele')),
    task: flag(
      '--task <name>',
      z.string().optional(),
      text('What it is for, such as text-generation', 'Para que serve, como text-generation'),
    ),
    licence: flag('--licence <name>', z.string().optional(), text('Its licence', 'A licença')),
    metric: flag(
      '--metric <key=value...>',
      z.array(z.string()).default([]),
      text('What is known of it, such as accuracy=0.91', 'O que se sabe dele, como accuracy=0.91'),
    ),
    tag: flag('--tag <key=value...>', z.array(z.string()).default([]), text('Tags of the version', 'Etiquetas da versão')),
    alias: flag(
      '--alias <name...>',
      z.array(z.string()).default([]),
      text('Aliases that are to point to it', 'Aliases que devem apontar para ela'),
    ),
  },
  output: catalogVersionShape,
  async run(context, [name = ''], { file, framework, semver, description, task, licence, metric, tag, alias }) {
    const client = context.connect();
    const files: { path: string; digest: string }[] = [];
    for (const each of await listFiles(resolve(file)))
      files.push({ path: each.path, digest: await uploadFile(context, client, each.file) });
    const metrics = readPairs(metric, (value) => (value.trim() !== '' && Number.isFinite(Number(value)) ? Number(value) : value));
    return client.publishVersion(
      {
        name,
        files,
        aliases: alias,
        tags: readPairs(tag, (value) => value),
        metadata: { metrics, ...(task === undefined ? {} : { task }), ...(licence === undefined ? {} : { licence }) },
        ...(framework === undefined ? {} : { framework }),
        ...(semver === undefined ? {} : { version: semver }),
        ...(description === undefined ? {} : { description }),
      },
      { signal: context.signal },
    );
  },
  print: printVersion,
});
