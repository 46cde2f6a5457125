import { isAbsolute, resolve } from 'node:path';
import { operationShape } from '@cluster-ai/contracts';
import { z } from 'zod';
import { fill, text } from '../../output/language.ts';
import { defineVerb, flag } from '../../verb.ts';
import { followOperation } from '../operations/follow-operation.ts';

const texts = {
  pulled: text('{model} is here. {program} run {model}', '{model} está aqui. {program} run {model}'),
};

/** A path as people write it; anything else is for the cluster to read. */
const toReference = (given: string) => (/^\.{1,2}(\/|$)/.test(given) || isAbsolute(given) ? resolve(given) : given);

export const modelsPull = defineVerb({
  path: 'models pull',
  summary: text(
    'Bring a model from a registry, Hugging Face, an address or a folder',
    'Traz um modelo de um registro, do Hugging Face, de um endereço ou de uma pasta',
  ),
  examples: [
    'cluster-ai models pull llama3.2:1b',
    'cluster-ai models pull hf.co/bartowski/Llama-3.2-1B-Instruct-GGUF:Q4_K_M',
    'cluster-ai models pull oci://registry.lan/models/tiny:1 --name tiny',
    'cluster-ai models pull https://files.example/tiny.gguf --digest sha256:…',
    'cluster-ai models pull ./models/qwen3 --name lab/qwen3',
    'cluster-ai models pull /data/tiny.gguf --name tiny --in-place',
  ],
  positionals: [
    {
      name: '<reference>',
      description: text(
        'A name of Ollama’s registry, hf.co/owner/repository, oci://host/repository:tag, an address, or a path',
        'Um nome do registro do Ollama, hf.co/dono/repositório, oci://host/repositório:tag, um endereço ou um caminho',
      ),
    },
  ],
  flags: {
    name: flag('--name <name>', z.string().optional(), text('What it is called here', 'Como se chama aqui')),
    file: flag('--file <file>', z.string().optional(), text('Which file or quantization', 'Qual arquivo ou quantização')),
    digest: flag('--digest <digest>', z.string().optional(), text('What the bytes must be', 'O que os bytes devem ser')),
    inPlace: flag(
      '--in-place',
      z.boolean().default(false),
      text('Use a file of the cluster’s own machine where it lies', 'Usa um arquivo da máquina do cluster onde está'),
    ),
    detach: flag('--detach', z.boolean().default(false), text('Do not wait for its end', 'Não espera o fim')),
  },
  output: operationShape,
  async run(context, [reference = ''], { name, file, digest, inPlace, detach }) {
    const given = { name, file, digest };
    const chosen = Object.fromEntries(Object.entries(given).filter(([, value]) => value !== undefined));
    const begun = await context
      .connect()
      .importModel({ reference: toReference(reference), inPlace, ...chosen }, { signal: context.signal });
    return detach ? begun : followOperation(context, begun);
  },
  print({ terminal, program }, { state, model, id }) {
    terminal.data(state === 'done' ? fill(terminal.say(texts.pulled), { model, program }) : id);
  },
});
