import { z } from 'zod';
import { text } from '../../output/language.ts';
import { defineRemoval } from '../define-removal.ts';
import { completeModel } from './complete-model.ts';
import { splitVersion } from './model-positionals.ts';

const questions = {
  model: text('Remove the model "{name}" with all its versions?', 'Remover o modelo "{name}" com todas as versões?'),
  version: text('Remove the version {name}?', 'Remover a versão {name}?'),
};

interface Found {
  readonly name: string;
  /** Of one version; without it, the whole model is meant. */
  readonly version?: number | undefined;
}

export const modelsRm = defineRemoval<Found>({
  path: 'models rm',
  summary: text('Remove a model with all its versions, or one version', 'Remove um modelo com todas as versões, ou uma versão'),
  examples: ['cluster-ai models rm tiny', 'cluster-ai models rm tiny:2', 'cluster-ai models rm tiny --yes'],
  positional: {
    name: '<model>',
    description: text('Its name; NAME:VERSION for one version', 'O nome; NOME:VERSÃO para uma versão'),
    complete: completeModel,
  },
  question: ({ version }) => questions[version === undefined ? 'model' : 'version'],
  removed: text('Removed "{name}".', '"{name}" foi removido.'),
  output: z.object({ name: z.string(), version: z.int().optional(), removed: z.literal(true) }),
  async find(client, wanted, { signal }) {
    const { name, version } = splitVersion(wanted);
    if (!wanted.includes(':')) {
      await client.getModel(name, { signal });
      return { name };
    }
    const found = await client.getVersion(name, version, { signal });
    return { name: `${name}:${found.version}`, version: found.version };
  },
  remove: (client, { name, version }, { signal }) =>
    version === undefined ? client.removeModel(name, { signal }) : client.removeVersion(splitVersion(name).name, version, { signal }),
});
