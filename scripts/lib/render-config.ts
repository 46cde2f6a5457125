import { configShape, defaultConfig, type OlderConfigKey, olderConfigKeys } from '@cluster-ai/contracts';
import { z } from 'zod';

export interface ConfigSchema {
  readonly type?: string;
  readonly description?: string;
  readonly default?: unknown;
  readonly properties?: Readonly<Record<string, ConfigSchema>>;
  readonly items?: ConfigSchema;
  readonly enum?: readonly unknown[];
  readonly minimum?: number;
  readonly maximum?: number;
}

/** The JSON schema of cluster.yaml, as editors use it. */
export const configSchema = (): ConfigSchema => z.toJSONSchema(configShape, { io: 'input' }) as ConfigSchema;

export const renderConfigSchema = (): string => `${JSON.stringify(configSchema(), null, 2)}\n`;

interface Key {
  readonly path: readonly string[];
  readonly schema: ConfigSchema;
}

/** Every key that holds a value, in the order of the file. */
function* keysOf(schema: ConfigSchema, path: readonly string[] = []): Generator<Key> {
  for (const [name, child] of Object.entries(schema.properties ?? {})) {
    if (child.properties === undefined) yield { path: [...path, name], schema: child };
    else {
      if (child.description !== undefined) yield { path: [...path, name], schema: child };
      yield* keysOf(child, [...path, name]);
    }
  }
}

const cell = (text: string) => text.replaceAll('|', '\\|');

function rangeOf({ minimum, maximum, enum: values }: ConfigSchema): string {
  if (values !== undefined) return values.map((value) => `\`${value}\``).join(', ');
  const from = minimum === undefined || minimum <= Number.MIN_SAFE_INTEGER ? '' : `from ${minimum}`;
  const to = maximum === undefined || maximum >= Number.MAX_SAFE_INTEGER ? '' : `to ${maximum}`;
  return [from, to].filter((part) => part !== '').join(' ');
}

const inBrackets = (range: string) => (range === '' ? '' : `(${range})`);

function toRow({ path, schema }: Key): string {
  const byDefault = schema.default === undefined || schema.properties !== undefined ? '' : `\`${JSON.stringify(schema.default)}\``;
  return `| \`${path.join('.')}\` | ${byDefault} | ${cell([schema.description ?? '', inBrackets(rangeOf(schema))].filter((part) => part !== '').join(' '))} |`;
}

const toOlderRow = ({ path, becomes, isNegated = false, instead }: OlderConfigKey): string => {
  const today = becomes === undefined ? `refused: ${instead}` : `\`${becomes.join('.')}\`${isNegated ? ', which says the opposite' : ''}`;
  return `| \`${path.join('.')}\` | ${today} |`;
};

/** docs/reference/config.md. */
export function renderConfigReference(): string {
  return [
    '# Configuration',
    '',
    'Generated from the schema (`npm run docs`); do not edit.',
    '',
    '`cluster.yaml` lies in the data folder (`~/.cluster-ai`, or what `--data-dir` or `CLUSTER_AI_HOME` name). Every key has a default: an empty file, or none, works.',
    'What is given on the command line wins over the file. `cluster-ai config show` prints the file with every default; a key that does not exist is an error that names its line.',
    '',
    'A sample with all keys is [cluster.sample.yaml](../cluster.sample.yaml). For editors there is a [JSON schema](config.schema.json); put this on the first line:',
    '',
    '```yaml',
    '# yaml-language-server: $schema=<path to the clone>/docs/reference/config.schema.json',
    '```',
    '',
    '| key | default | meaning |',
    '| --- | --- | --- |',
    ...[...keysOf(configSchema())].map(toRow),
    '',
    '## Keys of the older documents',
    '',
    'They are taken as the keys of today, or refused at the start with the line and what to do instead.',
    '',
    '| older key | today |',
    '| --- | --- |',
    ...olderConfigKeys.map(toOlderRow),
    '',
  ].join('\n');
}

const isEmptyObject = (value: unknown) => typeof value === 'object' && value !== null && Object.keys(value).length === 0;

/** Short values on one line, lists with a space after each comma as our formatter writes them. */
const toYaml = (value: unknown): string =>
  Array.isArray(value) ? `[${value.map((one) => JSON.stringify(one)).join(', ')}]` : JSON.stringify(value);

function* sampleLines(schema: ConfigSchema, value: Readonly<Record<string, unknown>>, indent: string): Generator<string> {
  for (const [name, child] of Object.entries(schema.properties ?? {})) {
    const given = value[name];
    if (child.description !== undefined) yield `${indent}# ${child.description}`;
    if (given === undefined) yield `${indent}# ${name}:`;
    else if (child.properties === undefined || isEmptyObject(given)) yield `${indent}${name}: ${toYaml(given)}`;
    else {
      yield `${indent}${name}:`;
      yield* sampleLines(child, given as Readonly<Record<string, unknown>>, `${indent}  `);
    }
  }
}

/** docs/cluster.sample.yaml: every key with its default, so that taking it as it is changes nothing. */
export function renderConfigSample(): string {
  return [
    '# Every key of cluster.yaml with its default. Nothing here is needed: an empty file works. Copy what you change.',
    '# Generated from the schema (npm run docs).',
    ...sampleLines(configSchema(), defaultConfig(), ''),
    '',
  ].join('\n');
}
