import { exitCodes, sharedFlags, verbs } from '@cluster-ai/cli';
import { z } from 'zod';

type Verb = (typeof verbs)[number];
interface Schema {
  readonly type?: string | readonly string[];
  readonly description?: string;
  readonly properties?: Readonly<Record<string, Schema>>;
  readonly items?: Schema;
  readonly anyOf?: readonly Schema[];
  readonly enum?: readonly unknown[];
  readonly const?: unknown;
  readonly $ref?: string;
  readonly $defs?: Readonly<Record<string, Schema>>;
  readonly additionalProperties?: Schema | boolean;
}

const cell = (text: string) => text.replaceAll('|', '\\|').replaceAll('\n', ' ');

/** A schema as people write types: `string`, `"up" | "join"`, `Node[]`, `{ … }`. */
function toType(schema: Schema): string {
  if (schema.$ref !== undefined) return `[${schema.$ref.split('/').at(-1)}](#shapes)`;
  if (schema.const !== undefined) return JSON.stringify(schema.const);
  if (schema.enum !== undefined) return schema.enum.length > 8 ? 'string' : schema.enum.map((value) => JSON.stringify(value)).join(' \\| ');
  if (schema.anyOf !== undefined) return schema.anyOf.map(toType).join(' \\| ');
  if (schema.type === 'array') return `${toType(schema.items ?? {})}[]`;
  if (schema.type === 'object' && schema.properties === undefined) return 'object';
  if (schema.type === 'object') return `{ ${Object.keys(schema.properties ?? {}).join(', ')} }`;
  return [schema.type ?? 'any'].flat().join(' \\| ');
}

function renderFields(schema: Schema): string[] {
  const rows = Object.entries(schema.properties ?? {}).map(
    ([name, field]) => `| \`${name}\` | ${toType(field)} | ${cell(field.description ?? '')} |`,
  );
  return ['| field | type | meaning |', '| --- | --- | --- |', ...rows];
}

const alternativesOf = (schema: Schema): readonly Schema[] => schema.anyOf ?? [schema];

function renderOutput(verb: Verb, collect: (definitions: Readonly<Record<string, Schema>>) => void): string[] {
  const schema = z.toJSONSchema(verb.output, { io: 'output', unrepresentable: 'any' }) as Schema;
  const definitions = schema.$defs ?? {};
  collect(definitions);
  const resolve = (one: Schema): Schema => (one.$ref === undefined ? one : (definitions[one.$ref.split('/').at(-1) ?? ''] ?? one));
  const shapes = alternativesOf(schema).map(resolve).map(renderFields);
  const how = verb.outputStyle === 'lines' ? 'With `--json`: one such object per line.' : 'With `--json`:';
  return [how, '', ...shapes.flatMap((shape, index) => (index === 0 ? shape : ['', 'or', '', ...shape])), ''];
}

function renderVerb(verb: Verb, collect: (definitions: Readonly<Record<string, Schema>>) => void): string[] {
  const usage = ['cluster-ai', verb.path, ...verb.positionals.map(({ name }) => name)].join(' ');
  const positionals = verb.positionals.map(({ name, description }) => `| \`${name}\` | ${cell(description.en)} |`);
  const flags = Object.values(verb.flags).map(({ flags: written, description }) => `| \`${written}\` | ${cell(description.en)} |`);
  const rows = [...positionals, ...flags];
  return [
    `## ${verb.path}`,
    '',
    `${verb.summary.en}.`,
    '',
    '```',
    usage,
    ...verb.examples.map((example) => `# ${example}`),
    '```',
    '',
    ...(rows.length === 0 ? [] : ['| | |', '| --- | --- |', ...rows, '']),
    ...renderOutput(verb, collect),
  ];
}

const exitMeanings: Readonly<Record<keyof typeof exitCodes, string>> = {
  ok: 'done',
  error: 'an error',
  usage: 'the command line or the request is not valid',
  auth: 'a token, certificate or right is missing or refused',
  notFound: 'what was named does not exist',
  unreachable: 'the cluster or the node does not answer',
  notReady: 'it answers, and is not ready (yet)',
};

/** docs/reference/cli.md. */
export function renderCliReference(): string {
  const definitions = new Map<string, Schema>();
  const collect = (found: Readonly<Record<string, Schema>>) => {
    for (const [name, schema] of Object.entries(found)) definitions.set(name, schema);
  };
  const commands = verbs.flatMap((verb) => renderVerb(verb, collect));
  const shapes = [...definitions]
    .sort(([a], [b]) => a.localeCompare(b))
    .flatMap(([name, schema]) => [`### ${name}`, '', ...renderFields(schema), '']);
  return [
    '# Command line',
    '',
    'Generated from the program (`npm run docs`); do not edit. From a clone every command begins with `npx cluster-ai`.',
    '',
    'Data goes to standard output, progress and errors to standard error. With `--json` an error is one line on standard error:',
    '`{"error":{"code","message","hint"}}`; keys, codes and values are never translated. Messages for people follow `LANG` (English, pt-BR).',
    'Nothing is asked off a terminal: what removes something needs `--yes` there. `NO_COLOR` is respected.',
    '',
    '| exit code | meaning |',
    '| --- | --- |',
    ...Object.entries(exitCodes).map(([name, code]) => `| ${code} | ${exitMeanings[name as keyof typeof exitCodes]} |`),
    '| 130 | ended by Ctrl-C |',
    '',
    'Every command also takes:',
    '',
    '| | |',
    '| --- | --- |',
    ...Object.values(sharedFlags).map(({ flags, description }) => `| \`${flags}\` | ${cell(description.en)} |`),
    '',
    ...commands,
    '## Shapes',
    '',
    ...shapes,
  ]
    .join('\n')
    .trimEnd()
    .concat('\n');
}
