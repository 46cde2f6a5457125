import { ClusterError, type Person, personShape } from '@cluster-ai/contracts';
import { fill, text } from '../../output/language.ts';
import { type Context, defineVerb } from '../../verb.ts';
import { person } from '../users/print-people.ts';

const texts = {
  models: text('"{name}" may use these models: {models}.', '"{name}" pode usar estes modelos: {models}.'),
  all: text('"{name}" may use all models.', '"{name}" pode usar todos os modelos.'),
  none: text('"{name}" may use no model.', '"{name}" não pode usar nenhum modelo.'),
};
const patterns = text(
  'Names of models; * stands for anything: team/* are those of one namespace',
  'Nomes de modelos; * vale qualquer coisa: time/* são os de um espaço',
);

function print({ terminal }: Context, { name, models }: Person): void {
  const sentence = models === null ? texts.all : models.length === 0 ? texts.none : texts.models;
  terminal.data(fill(terminal.say(sentence), { name, models: models?.join(', ') ?? '' }));
}

/** Taking one model out of a pattern would leave something that no list of patterns says. */
const notGranted = (name: string, pattern: string, granted: readonly string[]) =>
  new ClusterError(
    'invalid_request',
    `"${pattern}" was not granted to "${name}" in these words: it has ${granted.join(', ') || 'nothing'}.`,
    {
      hint: 'Revoke what was granted, and grant what shall remain.',
    },
  );

export const rolesGrant = defineVerb({
  path: 'roles grant',
  summary: text(
    'Let a person or service account use these models; the first grant takes all others away',
    'Permite a uma pessoa ou conta de serviço estes modelos; a primeira permissão tira todos os outros',
  ),
  examples: ["cluster-ai roles grant bia 'team/*' starter", "cluster-ai roles grant bia '*'"],
  positionals: [person, { name: '<models...>', description: patterns }],
  output: personShape,
  async run(context, [name = '', ...models]) {
    const options = { signal: context.signal };
    const { models: before } = await context.connect().getPerson(name, options);
    return context.connect().updatePerson(name, { models: [...new Set([...(before ?? []), ...models])] }, options);
  },
  print,
});

export const rolesRevoke = defineVerb({
  path: 'roles revoke',
  summary: text('Take models away again; without names all of them', 'Tira modelos outra vez; sem nomes, todos eles'),
  examples: ["cluster-ai roles revoke bia 'team/*'", 'cluster-ai roles revoke bia'],
  positionals: [person, { name: '[models...]', description: patterns }],
  output: personShape,
  async run(context, [name = '', ...models]) {
    const options = { signal: context.signal };
    const { models: before } = await context.connect().getPerson(name, options);
    const granted = before ?? ['*'];
    const unknown = models.find((pattern) => !granted.includes(pattern));
    if (unknown !== undefined) throw notGranted(name, unknown, granted);
    const left = models.length === 0 ? [] : granted.filter((pattern) => !models.includes(pattern));
    return context.connect().updatePerson(name, { models: left }, options);
  },
  print,
});
