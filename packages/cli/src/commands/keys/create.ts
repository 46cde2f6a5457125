import { type CreatedApiKey, createApiKeyShape, createdApiKeyShape, permissionShape, roleShape } from '@cluster-ai/contracts';
import { z } from 'zod';
import { fill, text } from '../../output/language.ts';
import { type Context, defineVerb, flag } from '../../verb.ts';
import { limitFlags, toLimits } from './limit-flags.ts';

const texts = {
  once: text('Shown only now. Programs send it as their API key:', 'Só aparece agora. Programas o enviam como chave de API:'),
  made: text('The key "{name}" ({id}) has the role {role}.', 'A chave "{name}" ({id}) tem o papel {role}.'),
};

const split = (value: string): string[] => value.split(',').map((part) => part.trim());

function print({ terminal }: Context, { key, name, id, role }: CreatedApiKey): void {
  terminal.progress(fill(terminal.say(texts.made), { name, id, role }));
  terminal.progress(terminal.say(texts.once));
  terminal.data(key);
}

export const keysCreate = defineVerb({
  path: 'keys create',
  summary: text('Make a key for a program', 'Cria uma chave para um programa'),
  examples: [
    'cluster-ai keys create my-app --role developer',
    "cluster-ai keys create ci --models 'starter,team/*' --expires 86400 --json | jq -r .key",
    'cluster-ai keys create nightly --owner ci --tokens-per-month 5000000',
    'export OPENAI_API_KEY=$(cluster-ai keys create laptop)',
  ],
  positionals: [{ name: '<name>', description: text('What the key is for', 'Para que serve a chave') }],
  flags: {
    role: flag(
      '--role <role>',
      roleShape.default('developer'),
      text('What it may do: admin, operator, developer, viewer', 'O que ela pode: admin, operator, developer, viewer'),
    ),
    scopes: flag(
      '--scopes <permissions>',
      z
        .string()
        .transform(split)
        .pipe(z.array(z.string()).pipe(z.array(permissionShape)))
        .optional(),
      text('Of the role only these permissions, with commas', 'Só estas permissões do papel, com vírgulas'),
    ),
    models: flag(
      '--models <names>',
      z.string().transform(split).optional(),
      text('Only these models, with commas; * stands for anything', 'Só estes modelos, com vírgulas; * vale qualquer coisa'),
    ),
    expires: flag(
      '--expires <seconds>',
      z.coerce.number().pipe(z.int().min(60)).optional(),
      text('Seconds until it ends; never when left out', 'Segundos até acabar; sem isso, nunca'),
    ),
    owner: flag(
      '--owner <name>',
      z.string().optional(),
      text('For a service account or another person, by name', 'Para uma conta de serviço ou outra pessoa, pelo nome'),
    ),
    ...limitFlags,
  },
  output: createdApiKeyShape,
  async run(context, [name = ''], { role, scopes, models, expires, owner, ...limits }) {
    const wish = createApiKeyShape.parse({
      name,
      role,
      scopes: scopes ?? null,
      models: models ?? null,
      expiresInSeconds: expires ?? null,
      owner: owner ?? null,
      limits: toLimits(limits),
    });
    return context.connect().createKey(wish, { signal: context.signal });
  },
  print,
});
